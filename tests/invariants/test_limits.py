"""What is too much, or leads out of where it belongs, is refused with what to do, before any work is done."""

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

import retainsim
from invariants.command import play
from retainsim.errors import ScenarioError, UsageError
from retainsim.study.footprint import footprint, room

SCENARIOS = Path(__file__).parents[2] / "scenarios"
SMALL = (
    "[run]\nmonths = 3\nreplications = 2\n[pool]\ncustomers = 30\n[segments.small]\nprice = 60.0\nannual_churn = 0.22\n"
)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL, encoding="utf-8")
    return tmp_path


# -- memory -------------------------------------------------------------------------------------------------------

PEAK = """
import sys, retainsim
retainsim.run(retainsim.load(sys.argv[1], {settings}), jobs=1, customers={lives})
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(status["VmHWM"].split()[0])  # of this process alone: its ru_maxrss would start at that of who started it
"""


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in other units elsewhere")
@pytest.mark.parametrize(
    ("settings", "lives"),
    [
        ({"pool.customers": 200_000, "run.replications": 2, "run.months": 6}, False),
        ({"run.months": 120, "run.replications": 10}, False),
        ({"pool.customers": 50_000, "run.months": 6, "run.replications": 3}, True),
    ],
)
def test_memory_is_estimated_within_a_factor_of_two(settings, lives):
    file = SCENARIOS / "five_points.toml"
    words = [sys.executable, "-c", PEAK.format(settings=settings, lives=lives), str(file)]
    peak = 1024.0 * float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    estimate = footprint(retainsim.load(file, settings), 1, lives=lives).total
    assert 0.5 < estimate / peak < 2.0, (estimate, peak)


def test_a_run_that_does_not_fit_into_memory_is_refused_with_what_takes_how_much(here):
    asked = ("--set", "pool.customers=50_000_000", "--set", "run.months=1200", "--jobs", "2")
    start = time.monotonic()
    for command in (("run", "small.toml"), ("sweep", "small.toml", "--vary", "segments.small.price=50:60:2")):
        said = play(*command, *asked, code=2).stderr
        found = re.match(r"this takes about (\d[\d.,]*) GB of memory, and there are [\d.,]+ GB: ", said)
        assert float(found[1].replace(",", "")) > 50
        assert "GB for 50,000,000 customers in each of 2 processes" in said
        assert "go on all the same with --ignore-memory" in said
    assert time.monotonic() - start < 30
    assert not (here / "runs").exists()


def test_a_run_goes_on_all_the_same_where_that_is_asked(here, monkeypatch):
    monkeypatch.setattr("retainsim.study.footprint.room", lambda: 1e6)
    assert "the program itself" in play("run", "small.toml", "--no-charts", code=2).stderr
    play("run", "small.toml", "--no-charts", "--ignore-memory")


def test_what_is_kept_is_counted_with_what_is_played():
    scenario = retainsim.loads(SMALL)
    one, two = (footprint(scenario, processes).total for processes in (1, 2))
    assert one < two == footprint(scenario, 8).total  # two replications keep no more than two processes busy
    assert footprint(scenario, 0).total < one < footprint(scenario, 1, lives=True).total
    assert footprint(scenario, 1, outcomes=False).total < one
    footprint(scenario, 1).check(None)
    with pytest.raises(UsageError):
        footprint(scenario, 1).check(one / 2)


def test_the_room_is_no_more_than_the_machine_has():
    if room() is not None:
        assert resource.getpagesize() * 1000 < room() <= os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


# -- what a file may hold -----------------------------------------------------------------------------------------

WIDE = {
    "arms": SMALL + "".join(f"[arms.a{i}]\ntitle = 'x'\n" for i in range(20_000)),
    "segments": "".join(f"[segments.s{i}]\nprice = 1.0\nannual_churn = 0.1\n" for i in range(12_000)),
    "unknown keys": SMALL + "".join(f"key{i} = 1\n" for i in range(60_000)),
    "distributions": SMALL + "[acquisition.web]\njoins = 1\n" + "".join(
        f"[acquisition.c{i}]\njoins = {{ normal = [5.0, 0.1] }}\n" for i in range(3000)),
    "distributions in one table": SMALL + "[churn.reasons]\n" + "".join(f"r{i} = {{ normal = [5.0, 0.1] }}\n" for i in range(2000)),
    "changes": SMALL + "[arms.a]\nchange = [\n" + "".join(
        f'{{ set = "segments.small.price", times = 1.1, from_month = {i}.0, until_month = {i}.5 }},\n' for i in range(8000)) + "]\n",
    "pieces": SMALL + "".join(f"[pieces.p{i}]\nchange = [ {{ set = 'segments.small.price', times = 1.1 }} ]\n" for i in range(8000)),
    "an item a line": SMALL + "[acquisition.web]\njoins = 1\nseasonality = [\n" + "1.0,\n" * 150_000 + "]\n",
}  # fmt: skip


@pytest.mark.parametrize("name", WIDE)
def test_a_file_with_too_much_of_one_thing_is_answered_soon(name):
    """CPU seconds; each is near the largest that a file of 1 MB can hold."""
    assert len(WIDE[name]) < 2**20
    start = time.process_time()
    with pytest.raises(ScenarioError) as caught:
        retainsim.loads(WIDE[name])
    assert time.process_time() - start < 10.0
    assert len(caught.value.problems) <= 201
    assert any("at most" in problem for problem in caught.value.problems)


# -- where files are read and written -----------------------------------------------------------------------------


def test_extends_leads_out_of_the_folder_only_where_that_is_allowed(here):
    (here / "mine").mkdir()
    (here / "mine" / "x.toml").write_text('extends = "../small.toml"\ntitle = "Mine"\n', encoding="utf-8")
    (here / "secret.toml").symlink_to("/etc/hostname")
    with pytest.raises(ScenarioError, match=r"outside the folder of .*or allow more \(--within\)"):
        retainsim.load("mine/x.toml")
    assert retainsim.load("mine/x.toml", within=here).title == "Mine"
    assert "or allow more" in play("validate", "mine/x.toml", code=3).stderr
    play("validate", "mine/x.toml", "--within", ".")
    play("run", "mine/x.toml", "--within", str(here), "--no-charts", "--jobs", "1")
    assert "or allow more" in play("validate", "mine/x.toml", "--within", "mine", code=3).stderr
    (here / "mine" / "x.toml").write_text('extends = "../secret.toml"\n', encoding="utf-8")
    assert "is outside what may be read" in play("validate", "mine/x.toml", "--within", ".", code=3).stderr


HOSTILE = [
    "../../escaped",
    "a/b",
    "x" * 120,
    "CON",
    "<script>alert(1)</script>",
    "=1+2",
    "$\\frac{1}{0}$",
    "a&b",
    "é\u00a0ß",
    "{{ 7 * 7 }}",
]


def test_names_lead_nowhere_and_are_shown_as_they_are_written(here, monkeypatch):
    """Titles of the scenario and of its arms, and names of clients, in everything that is made of a run."""
    arms = "".join(
        f"[arms.a{i}]\ntitle = {_quoted(title)}\ninvestment = [ {{ at_month = 0, amount = {i + 1} }} ]\n"
        for i, title in enumerate(HOSTILE)
    )
    clients = "".join(f"[[accounts]]\nname = {_quoted(name)}\nsegment = 'small'\n" for name in HOSTILE[4:8])
    text = f"title = {_quoted(' '.join(HOSTILE[4:]))}\n{SMALL}{clients}{arms}"
    (here / "in").mkdir()
    (here / "in" / "odd name; $(touch x).toml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(here / "in")
    try:
        retainsim.load("odd name; $(touch x).toml")
    except ScenarioError as error:
        pytest.fail(str(error))
    play("run", "odd name; $(touch x).toml", "--jobs", "1", "-o", "out")
    for command in ("deck", "report", "workbook"):
        play(command, "out")
    page = Path("out/report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{ 7 * 7 }}" in page
    import openpyxl

    cells = [cell for sheet in openpyxl.load_workbook("out/workbook.xlsx") for row in sheet for cell in row]
    assert any(cell.value == "=1+2" and cell.data_type == "s" for cell in cells)
    assert not any(cell.data_type == "f" and cell.value == "=1+2" for cell in cells)
    assert {path.name for path in here.iterdir()} == {"in", "small.toml"}
    assert {path.name for path in (here / "in").iterdir()} == {"odd name; $(touch x).toml", "out"}


@pytest.mark.parametrize("character", ["\x1b", "\x07", "\u202e", "\u2066", "\x9b"])
def test_a_character_that_commands_the_terminal_is_refused_where_it_stands(character):
    with pytest.raises(
        ScenarioError, match=rf"<scenario>:2:1 title: holds the control character U\+{ord(character):04X}"
    ):
        retainsim.loads(f"# odd\ntitle = {_quoted('a' + character)}\n{SMALL}")


def _quoted(text):
    import json

    return json.dumps(text)


@pytest.mark.parametrize("name", ["a/b", "../x", "a.b", "", "a b", "a\\b", "x" * 5000])
def test_a_name_that_would_be_part_of_a_path_is_refused(name):
    """Arms, segments, channels and reasons are words."""
    for table in ("arms", "segments", "acquisition", "churn.reasons"):
        value = "1.0" if table == "churn.reasons" else "{}"
        with pytest.raises(ScenarioError):
            retainsim.loads(
                f"{SMALL}[{table}]\n{_quoted(name)} = {value}\n".replace("[segments]\n", "[segments.other]\n")
            )
