"""What happens at the service desk is reported where there is one, desk by desk, and fits the terminal."""

import pytest
from cli.conftest import QUICK
from rich.cells import cell_len

DESK = """
[mechanisms.service_desk]
contacts = 20.0
handling_minutes = 30.0
strain_per_hang_up = 0.0
strain_per_minute = 0.0
[mechanisms.service_desk.desks.billing]
agents = 1
share = 0.4
[mechanisms.service_desk.desks.technical]
agents = 2
helps = ["billing"]
[arms.more]
title = "One more for billing"
change = [ { set = "mechanisms.service_desk.desks.billing.agents", to = 2 } ]
"""


@pytest.fixture
def desks(here):
    (here / "desks.toml").write_text(QUICK + DESK, encoding="utf-8")
    return here


def test_every_arm_tells_what_happens_at_each_desk(desks, answer):
    arms = answer("run", "desks.toml", "--no-charts")["arms"]
    one, more = (arms[name]["desk"] for name in ("baseline", "more"))
    assert set(one["desks"]) == {"billing", "technical"}
    assert more["desks"]["billing"]["wait_minutes"]["high"] < one["desks"]["billing"]["wait_minutes"]["low"]
    assert set(one) == set(more) == {"all", "desks"}
    assert "mean" in arms["more"]["service_desk"]  # the line of what it costs
    for estimates in (one["all"], *one["desks"].values()):
        assert 0 < estimates["hang_up_share"]["low"] < estimates["hang_up_share"]["mean"] < 1
        assert 0 < estimates["busy_share"]["mean"] < 1


@pytest.mark.parametrize("width", [60, 80, 120])
def test_the_terminal_shows_it_in_a_table_that_fits(desks, play, width):
    text = play("run", "desks.toml", "--no-charts", env={"COLUMNS": str(width)}).stdout
    table = text[text.index("At the service desk") : text.index("Wait: mean of all calls")]
    assert max(map(cell_len, table.splitlines())) <= width
    assert table.count("  billing") == table.count("  technical") == 4
    assert "One more for billing" in table
    assert table.count(" to ") == 4 * 3 * 3


def test_without_a_desk_nothing_is_said_of_it(answer, play):
    assert "desk" not in answer("run", "quick.toml", "--no-charts")["arms"]["baseline"]
    assert "service desk" not in play("run", "quick.toml", "--no-charts").stdout
