"""Imports point one way, mechanisms do not know one another, and luck comes from one place."""

import ast
import subprocess
import sys

import pytest

from architecture.source import functions, imports, modules, named

LAYERS = (
    {"errors", "units", "draws", "theory", "wording", "markup", "version"},
    {"laws", "profile", "cache", "ledger", "pool", "head", "parallel"},
    {"bases", "clocks", "acquisition", "fuses", "tariff", "hazards", "touches", "worth", "exposure"},
    {"trace"},
    {"census"},
    {"churn", "money", "opening", "closing", "gate"},
    {"world", "mechanism"},
    {"workings"},
    {"mechanisms"},
    {"scenario"},
    {"engine"},
    {"expectation"},
    {"aim", "refinement"},
    {"calibration", "economics", "outlook"},
    {"explain", "results"},
    {"study"},
    {"fit"},
    {"charts"},
    {"present"},
    {"cli"},
    {"__main__"},
)
"""Parts of the package; each may import those of the lines above it, and none beside it."""

UPWARDS = {
    ("results", "study"): "`results.compare` is a convenience of the notebook; it imports when it is called",
    ("results", "charts"): "`results.plot` likewise",
    ("results", "present"): "`results.deck`, `results.html`, `results.workbook` and what a notebook shows likewise",
    ("study", "charts"): "`answer.plot` likewise",
    ("study", "present"): "`answer.deck`, `answer.html` and what a notebook shows of an answer likewise",
    ("fit", "charts"): "`fit.save` likewise",
    ("fit", "present"): "`fit.report` likewise",
}
RANK = {part: rank for rank, layer in enumerate(LAYERS) for part in layer}


def parts_imported(module):
    """Return what a module imports of the package: (part, line, whether within a function)."""
    for each in imports(module.tree):
        words = each.module.split(".")
        if words[0] == "retainsim" and len(words) > 1 and words[1] != module.part:
            yield words[1], each.line, each.deferred


def test_every_part_of_the_package_has_its_place():
    assert {module.part for module in modules()} - {"__init__"} <= set(RANK)


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.path)
def test_imports_point_one_way(module):
    if module.part == "__init__":
        assert {part for part, _, _ in parts_imported(module)} == {"errors"}
        return
    for part, line, deferred in parts_imported(module):
        if deferred and (module.part, part) in UPWARDS:
            continue
        assert RANK[part] < RANK[module.part], f"{module.path}:{line} imports {part}, which is not below {module.part}"


def test_no_exception_to_the_direction_is_out_of_date():
    found = {(m.part, part) for m in modules() for part, _, deferred in parts_imported(m) if deferred}
    assert set(UPWARDS) <= found


def test_nothing_but_the_self_check_imports_theory():
    users = {m.path for m in modules() if any(part == "theory" for part, _, _ in parts_imported(m))}
    assert users == {"study/selfcheck.py"}


def test_theory_imports_nothing_of_the_package():
    within = [module for module in modules() if module.part == "theory"]
    assert within
    assert [(m.path, part) for m in within for part, _, _ in parts_imported(m)] == []


def test_no_mechanism_imports_another():
    from retainsim import mechanisms

    names = {*mechanisms.NAMES, *mechanisms.ALWAYS_ON}
    for module in modules():
        if module.part == "mechanisms" and not module.path.endswith("__init__.py"):
            mine = module.path.split("/")[1].removesuffix(".py")
            taken = {
                word for each in imports(module.tree) for word in each.module.split(".") if "mechanisms" in each.module
            }
            assert not taken & (names - {mine}), module.path


def test_every_file_of_mechanisms_is_registered_once():
    from retainsim import mechanisms

    files = {m.path.split("/")[1].removesuffix(".py") for m in modules() if m.path.startswith("mechanisms/")} - {
        "__init__"
    }
    registered = [*mechanisms.NAMES, *mechanisms.ALWAYS_ON]
    assert sorted(registered) == sorted(files)
    assert list(mechanisms.NAMES) == sorted(mechanisms.NAMES)


RANDOM = {"random", "secrets", "uuid", "default_rng", "rvs", "urandom", "shuffle", "RandomState"}


DESIGNS = {"study/design.py": "where a question looks is no luck: nothing that happens depends on it"}


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.path)
def test_luck_comes_from_draws_alone(module):
    if module.path == "draws.py" or module.path in DESIGNS:
        return
    taken = {word for each in imports(module.tree) for word in each.module.split(".")}
    used = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    assert not (taken | used) & RANDOM


def test_draws_itself_holds_no_generator_with_a_state():
    taken = {word for each in imports(named("draws.py").tree) for word in each.module.split(".")}
    used = {node.attr for node in ast.walk(named("draws.py").tree) if isinstance(node, ast.Attribute)}
    assert not (taken | used) & RANDOM


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.path)
def test_only_the_canvas_knows_a_backend_of_matplotlib(module):
    taken = {each.module for each in imports(module.tree)}
    assert module.path == "charts/canvas.py" or not any("pyplot" in t or "backend" in t for t in taken)


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.path)
def test_the_library_prints_nothing(module):
    if module.part in ("cli", "__main__"):
        return
    called = [node.func for node in ast.walk(module.tree) if isinstance(node, ast.Call)]
    assert not [
        f
        for f in called
        if isinstance(f, ast.Name) and f.id in ("print", "input", "breakpoint", "exit", "eval", "exec")
    ]


FALLS_THROUGH = {("cli/runs.py", "ValueError"): "a folder whose name only looks like a date is dated by its files"}


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.path)
def test_no_exception_is_caught_to_be_ignored(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler):
            assert node.type is not None, f"{module.path}:{node.lineno} catches everything"
            if (module.path, ast.unparse(node.type)) not in FALLS_THROUGH:
                assert not all(isinstance(s, ast.Pass) for s in node.body), f"{module.path}:{node.lineno}"


HEAVY = {
    "SALib", "numpy", "pandas", "scipy", "matplotlib", "pydantic", "simpy", "pyarrow", "loky", "rich", "pptx",
    "xlsxwriter", "jinja2", "ipywidgets",
}  # fmt: skip


@pytest.mark.parametrize(
    "statement", ["import retainsim", "import retainsim.cli", "import retainsim.errors, retainsim.units"]
)
def test_what_help_needs_loads_nothing_heavy(statement):
    code = f"import sys; {statement}; print(sorted({HEAVY!r} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_everything_a_notebook_needs_can_be_taken_from_the_package():
    import retainsim

    assert all(getattr(retainsim, name) is not None for name in retainsim.__all__)
    with pytest.raises(AttributeError, match="no attribute 'simulate'"):
        _ = retainsim.simulate


def test_no_function_is_hidden_from_these_tests():
    assert sum(1 for module in modules() for _ in functions(module)) > 500
