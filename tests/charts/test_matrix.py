"""Every chart there is, under every condition it must stand: nothing overlaps, nothing is clipped, nothing is small.

The charts are those of the registry: one that is added is drawn here without being named here.
"""

from pathlib import Path

import pytest
from matrix import ASKED, CONDITIONS, OF_FITS, answer, run
from visible_text import leaving, overlapping, texts

import retainsim
from retainsim.charts import ANSWERS, EXTRA, NAMES, chart, chart_of_answer, names_of
from retainsim.errors import RetainsimError

SMALLEST = 12
COMPARE = ("tornado", "uncertainty")
"""Questions of the difference between two arms: of one arm they are refused."""


def check(ax):
    ax.figure.canvas.draw()
    assert overlapping(ax.figure) == []
    assert leaving(ax.figure) == []
    assert min(text.get_size() for text in texts(ax.figure)) >= SMALLEST
    assert not [text.get_text() for text in texts(ax.figure) if text.get_parse_math() or text.get_usetex()]


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", [*NAMES, *EXTRA])
def test_a_chart_of_a_run_can_be_read_whatever_the_run(name, condition):
    results = run(condition)
    assert name in names_of(results), f"let the run of matrix.py have the table that {name} is drawn of"
    check(chart(name)(results))


@pytest.mark.parametrize("condition", CONDITIONS)
@pytest.mark.parametrize("name", [name for name in ANSWERS if name not in OF_FITS])
def test_a_chart_of_an_answer_can_be_read_whatever_was_asked(name, condition):
    assert name in ASKED, f"let ASKED of matrix.py ask a question whose answer has the chart {name}"
    if condition == "one_arm" and name in COMPARE:
        with pytest.raises(RetainsimError, match="no arms to compare"):
            answer(name, condition)
        return
    found = answer(name, condition)
    assert name in found.charts
    check(chart_of_answer(name)(found))


@pytest.mark.long
@pytest.mark.parametrize("name", ["everything", "key_account_landslide", "web_shop"])
def test_every_chart_of_a_scenario_that_comes_with_the_program_can_be_read(name):
    scenario = retainsim.load(Path(retainsim.__file__).parents[1] / f"scenarios/{name}.toml", {"run.replications": 2})
    results = retainsim.run(scenario, jobs=1, customers=True)
    for each in names_of(results):
        for arm in list(results.arms)[:3]:
            check(chart(each)(results, arm=arm))
