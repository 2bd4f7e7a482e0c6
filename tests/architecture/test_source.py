"""Size, docstrings, errors and leftovers: the house rules that can be counted."""

import ast
import re
import shutil
import subprocess

import pytest

from architecture.source import ROOT, functions, modules
from retainsim import errors

LONGEST_FUNCTION, LONGEST_MODULE, LONGEST_MECHANISM = 40, 250, 150

LONG_MODULES = {
    "mechanisms/channels.py": (165, "half of it is the table of settings and what cannot be meant"),
    "results.py": (305, "the run, its folder, and everything that can be made of it"),
    "explain.py": (290, "one table after another"),
    "churn.py": (350, "every verb a mechanism may use on why customers leave, each a few lines"),
    "money.py": (310, "every way in which money flows between customers and firm"),
    "world.py": (265, "all that a mechanism sees, a few lines each"),
    "mechanisms/account_managers.py": (245, "twenty keys, and managers who come and go beside the customers"),
    "mechanisms/accounts.py": (152, "two events, beside all that a named client brings"),
    "mechanisms/perception.py": (155, "a word more than the limit: what drifts, who looks at what, and what it moves"),
    "mechanisms/service_desk.py": (244, "two tables of settings are a third of it; one desk and several"),
}
"""Modules that are longer: how long they may become, and why."""

every = pytest.mark.parametrize("module", modules(), ids=lambda m: m.path)


def body_lines(function):
    """Count the lines of a function from its first statement after the docstring to its end."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def is_public(name):
    return not any(part.startswith("_") for part in name.split("."))


@every
def test_no_function_is_longer_than_a_screen(module):
    long = {name: body_lines(f) for name, f in functions(module) if body_lines(f) > LONGEST_FUNCTION}
    assert not long


@every
def test_no_module_is_longer_than_can_be_read_at_one_sitting(module):
    assert module.lines <= LONG_MODULES.get(module.path, (usual_limit(module.path),))[0]


def usual_limit(path):
    return LONGEST_MECHANISM if path.startswith("mechanisms/") else LONGEST_MODULE


def test_the_list_of_long_modules_is_up_to_date():
    sizes = {module.path: module.lines for module in modules()}
    assert all(sizes[path] > usual_limit(path) for path in LONG_MODULES)


def test_most_functions_are_short():
    """STYLE: bodies mostly under 8 lines, seldom over 25."""
    sizes = [body_lines(f) for module in modules() for _, f in functions(module)]
    assert sum(s < 8 for s in sizes) > 0.6 * len(sizes)
    assert sum(s > 25 for s in sizes) < 0.03 * len(sizes)


@every
def test_no_function_takes_more_than_eight_arguments(module):
    for name, function in functions(module):
        count = len(function.args.args) + len(function.args.kwonlyargs) + len(function.args.posonlyargs)
        assert count - (function.args.args[:1] != [] and function.args.args[0].arg in ("self", "cls")) <= 8, name


@every
def test_everything_public_says_what_it_is(module):
    silent = [name for name, f in functions(module) if is_public(name) and not ast.get_docstring(f)]
    silent += [
        node.name for node in module.tree.body
        if isinstance(node, ast.ClassDef) and is_public(node.name) and not ast.get_docstring(node)
    ]  # fmt: skip
    nested = {name for name, f in functions(module) for inner, _ in functions(module) if name.startswith(f"{inner}.")}
    assert not set(silent) - nested


@every
def test_a_modules_first_line_is_its_name_and_a_sentence(module):
    stem = module.path.removesuffix(".py").removesuffix("/__init__").split("/")[-1]
    noun, _, rest = ast.get_docstring(module.tree).split("\n")[0].partition(": ")
    assert rest
    if stem != "__init__":  # the package itself says what it is about
        assert noun.replace("-", "").replace(" ", "_").lower() == stem.strip("_")


@every
def test_docstrings_begin_with_a_capital_on_their_first_line(module):
    for name, function in functions(module):
        text = ast.get_docstring(function)
        assert text is None or re.match(r"[A-Z`“\"0-9]", text), f"{module.path} {name}: {text!r}"


OURS = {
    name for name, kind in vars(errors).items() if isinstance(kind, type) and issubclass(kind, errors.RetainsimError)
}
"""The only exceptions that leave the package."""

TRANSLATED = ("scenario/", "mechanisms/", "workings/quality.py")
"""Where a ValueError says what is wrong with a value, which `scenario.messages` turns into a ScenarioError."""


DOCUMENTED = {("cli/option.py", "toml_value"): "says so; whoever calls it turns it into a click.BadParameter"}


def raised(module):
    """Yield what is raised, its line, and the function it is raised in."""
    within = {id(node): name for name, f in functions(module) for node in ast.walk(f)}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Raise) and node.exc is not None:
            called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
            yield ast.unparse(called), node.lineno, within.get(id(node), "")


@every
def test_only_our_own_errors_leave_the_package(module):
    made = {name: ast.unparse(f.returns) for name, f in functions(module) if f.returns is not None}
    for name, line, function in raised(module):
        where = f"{module.path}:{line} raises {name} in {function}"
        if name in OURS or made.get(name) in OURS:
            continue
        if name == "ValueError":
            assert module.path.startswith(TRANSLATED) or (module.path, function) in DOCUMENTED, where
        elif name == "AttributeError":
            assert function.endswith("__getattr__"), where
        elif name == "AssertionError":
            assert module.part == "cli", where  # what cannot be reached
        else:
            assert name.startswith("click.") and module.part == "cli", where


def test_our_errors_are_found():
    assert {"RetainsimError", "ScenarioError", "UsageError", "BooksError"} <= OURS
    assert sum(1 for module in modules() for _ in raised(module)) > 20


@every
def test_every_comment_says_why_and_none_is_a_leftover(module):
    comments = [line.split("#", 1)[1].strip() for line in module.text.splitlines() if re.match(r"\s*#", line)]
    assert not [c for c in comments if re.match(r"(def|class|import|from|return|if|for)\b.*[:=)]$", c)]
    assert not [c for c in comments if re.match(r"[-=~*]{4,}", c)], "a banner"


SPURIOUS = [
    "/" + "work/", "/" + "tmp/venv", "/" + "root/", "TO" + "DO", "FIX" + "ME",
]  # fmt: skip


def tracked():
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git here")
    found = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return [ROOT / name for name in found.split("\0") if name and (ROOT / name).is_file()]


def test_no_tracked_file_holds_a_path_of_this_machine_or_a_note_to_oneself():
    wrong = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{path.relative_to(ROOT)}: {word}" for word in SPURIOUS if word in text]
    assert not wrong
