"""The command `retainsim` itself: its help, its lightness, and how failures end."""

import importlib
import json
import os
import subprocess
import sys

import pytest

from retainsim.cli import root
from retainsim.errors import RetainsimError, ScenarioError, UsageError

HEAVY = {"numpy", "pandas", "matplotlib", "pydantic", "scipy", "simpy", "rich"}


def loaded_by(code, cwd):
    """Return which of the heavy packages a program has imported by its end."""
    program = f"import sys\ntry:\n    {code}\nexcept SystemExit:\n    pass\nprint('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=cwd)
    modules = next(line for line in done.stdout.splitlines() if line.startswith("LOADED")).split()
    return HEAVY & set(modules)


def test_help_lists_every_command(play):
    text = play("--help").stdout
    assert all(f"\n  {name} " in text for name in root.COMMANDS)


@pytest.mark.parametrize("name", root.COMMANDS)
def test_what_the_list_says_of_a_command_is_what_it_says_itself(name):
    command = importlib.import_module(f"retainsim.cli.{name}").command
    assert command.short_help == root.COMMANDS[name]
    assert command.name in (name, "command")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"], ["charts", "--help"]])
def test_help_imports_nothing_heavy(here, words):
    assert loaded_by(f"from retainsim.cli import main; main({words!r})", here) == set()


def test_validate_imports_neither_pandas_nor_scipy_nor_matplotlib(here):
    code = "from retainsim.cli import main; main(['validate', 'quick.toml'])"
    assert not loaded_by(code, here) & {"pandas", "scipy", "matplotlib", "simpy"}


def test_python_dash_m_is_the_same_command(shell):
    done = shell("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("retainsim ")


def test_a_mistyped_command_gets_a_suggestion(play):
    assert "did you mean explain?" in play("explian", code=2).stderr


def test_an_unknown_option_is_wrong_usage(play):
    assert "--nonsense" in play("validate", "quick.toml", "--nonsense", code=2).stderr


def test_wrong_usage_prints_nothing_on_stdout(play):
    assert play("run", "quick.toml", "--replications", "1", code=2).stdout == ""


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (UsageError("that cannot be meant"), 2, "that cannot be meant"),
        (ScenarioError(["x.toml:1:2 a: wrong", "x.toml:3:4 b: wrong"]), 3, "x.toml:1:2 a: wrong\nx.toml:3:4 b: wrong"),
        (RetainsimError("our fault"), 1, "our fault"),
        (ZeroDivisionError("by zero"), 1, "ZeroDivisionError: by zero"),
        (PermissionError(13, "Permission denied", "locked"), 2, "locked: Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_every_failure_ends_in_its_message_and_code(play, monkeypatch, error, code, says):
    def fail(*_args, **_kwargs):
        raise error

    monkeypatch.setattr("retainsim.scenario.load", fail)
    result = play("explain", "quick.toml", code=code)
    assert says in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_debug_adds_the_traceback(play, monkeypatch):
    monkeypatch.setattr("retainsim.scenario.load", lambda *_: 1 / 0)
    result = play("explain", "quick.toml", "--debug", code=1)
    assert "Traceback" in result.stderr
    assert "ZeroDivisionError" in result.stderr


@pytest.mark.parametrize("words", [["schema"], ["explain", "quick.toml", "-q"]])
def test_a_reader_that_leaves_early_is_no_error(here, words):
    reads, writes = os.pipe()
    os.close(reads)
    program = [sys.executable, "-m", "retainsim", *words]
    done = subprocess.run(program, stdout=writes, stderr=subprocess.PIPE, text=True, check=False, cwd=here)
    os.close(writes)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_that_knows_no_unicode_still_gets_its_answer(shell):
    done = shell("explain", "quick.toml", "--json", env={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["title"] == "Quick: is it worth it?"


def test_there_are_no_colours_where_there_is_no_terminal(play):
    assert "\x1b" not in play("explain", "quick.toml").output


def test_no_color_is_honoured_even_where_colours_are_forced(shell):
    coloured = shell("explain", "quick.toml", env={"FORCE_COLOR": "1", "TERM": "xterm-256color"})
    plain = shell("explain", "quick.toml", env={"FORCE_COLOR": "1", "NO_COLOR": "1", "TERM": "xterm-256color"})
    assert "\x1b[1;94m" in coloured.stdout
    assert "94m" not in plain.stdout


@pytest.mark.skipif(os.name != "posix", reason="no pseudo-terminals here")
@pytest.mark.parametrize(
    ("added", "coloured"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, False),
    ],
)
def test_a_terminal_gets_colours_unless_it_has_none_or_the_user_wants_none(here, added, coloured):
    import pty

    reads, writes = pty.openpty()
    program = [sys.executable, "-m", "retainsim", "explain", "quick.toml"]
    environment = {**os.environ, **added}
    with subprocess.Popen(program, stdout=writes, stderr=subprocess.DEVNULL, cwd=here, env=environment) as started:
        os.close(writes)
        printed = b"".join(iter(lambda: _read(reads), b""))
    os.close(reads)
    assert started.returncode == 0
    assert (b"\x1b[1;94m" in printed) is coloured
    assert (b"94m" in printed) is coloured


def _read(terminal):
    """Return what is left in a terminal; nothing where its other end is closed and empty."""
    try:
        return os.read(terminal, 65536)
    except OSError:
        return b""
