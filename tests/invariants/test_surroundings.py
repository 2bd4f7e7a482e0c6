"""Results follow from the scenario and the program alone, not from where and how they are computed."""

import json
import locale
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w

import retainsim
from invariants.test_same_result import ARMS, BASE, told

CODE = """
import json, locale, sys
for name in sys.argv[2:]:
    try:
        locale.setlocale(locale.LC_ALL, name)
        break
    except locale.Error:
        continue
import retainsim
report = retainsim.run(retainsim.load(sys.argv[1]), jobs=1).report
del report["run"]["seconds"]
sys.stdout.buffer.write(json.dumps(report).encode())
"""
MECHANISMS = {"breach": {"per_year": 2.0}, "growth": {"volume_per_year": 0.1}}
SETTINGS = {"months": 9, "replications": 3, "seed": 5, "start": "2026-03-15"}


@pytest.fixture(scope="module")
def text():
    tree = BASE | {"arms": {name: ARMS[name] for name in ("retention", "ads")}, "mechanisms": MECHANISMS}
    text = tomli_w.dumps(tree | {"run": SETTINGS, "title": "Ümlaut: « é » 中"})
    return text.replace('start = "2026-03-15"', "start = 2026-03-15")


@pytest.fixture(scope="module")
def wanted(text):
    return json.dumps(told(retainsim.run(retainsim.loads(text, name="x.toml"), jobs=1)))


PLACES = {
    "time zone and hash seed": {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "1"},
    "hash seed and C locale": {"TZ": "America/St_Johns", "PYTHONHASHSEED": "4711", "LC_ALL": "C", "PYTHONUTF8": "0"},
    "one thread": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "LOKY_MAX_CPU_COUNT": "1"},
    "many threads and processors": {"OMP_NUM_THREADS": "4", "OPENBLAS_NUM_THREADS": "4", "LOKY_MAX_CPU_COUNT": "8"},
    "optimised": {"PYTHONOPTIMIZE": "1", "LANG": "tr_TR.UTF-8"},
}


@pytest.mark.long
@pytest.mark.parametrize("place", PLACES)
def test_a_result_does_not_depend_on_its_surroundings(tmp_path, text, wanted, place):
    (tmp_path / "x.toml").write_text(text, encoding="utf-8")
    environment = {**os.environ, "RETAINSIM_CACHE": str(tmp_path / "cache"), **PLACES[place]}
    words = [sys.executable, "-c", CODE, "x.toml", "de_DE.UTF-8", "fr_FR.UTF-8", "tr_TR.UTF-8", "C"]
    found = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert found.returncode == 0, found.stderr.decode()
    assert found.stdout.decode() == wanted


def test_a_result_does_not_depend_on_line_ends_or_a_byte_order_mark(tmp_path, text, wanted):
    for name, data in (("crlf", text.replace("\n", "\r\n").encode()), ("bom", b"\xef\xbb\xbf" + text.encode())):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "x.toml").write_bytes(data)
        scenario = retainsim.load(folder / "x.toml").called("x.toml")
        assert json.dumps(told(retainsim.run(scenario, jobs=1))) == wanted


def test_numbers_are_written_with_a_point_whatever_the_locale(tmp_path, text, monkeypatch):
    before = locale.setlocale(locale.LC_ALL)
    scenario = retainsim.loads(text)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8"):
            try:
                locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue
            assert retainsim.loads(scenario.resolved()).sha256 == scenario.sha256
    finally:
        locale.setlocale(locale.LC_ALL, before)
    assert retainsim.loads(scenario.resolved()).sha256 == scenario.sha256


def test_no_source_file_runs_what_it_reads():
    """No pickle, eval, exec, marshal, shelve or yaml.load, and numpy never reads objects."""
    import ast

    package = Path(retainsim.__file__).parent
    for path in package.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        taken = {
            alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names
        }
        taken |= {
            node.module.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
        }
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not taken & {"pickle", "marshal", "shelve", "yaml", "dill", "joblib"}, path
        assert not called & {"eval", "exec", "compile", "__import__", "np.load", "numpy.load", "os.system"}, path
        assert not [c for c in called if c.endswith((".read_pickle", ".to_pickle"))], path
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("read_array", "write_array")):
                assert any(k.arg == "allow_pickle" and ast.unparse(k.value) == "False" for k in node.keywords), path
