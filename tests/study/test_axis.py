"""What may be asked of a key, and what is refused with its remedy."""

import pytest
import tomli_w

import retainsim
from retainsim.study.axis import axis_of, interval, say
from retainsim.wording import Money
from study.quick import TEXT, scenario

SPEND = "acquisition.advertising.spend"


def test_evenly_spaced_values_hold_both_bounds():
    assert axis_of(scenario(), SPEND, "600:1500:4").values == (600.0, 900.0, 1200.0, 1500.0)


def test_single_values_are_kept_in_their_order_and_once():
    assert axis_of(scenario(), SPEND, "1500,600,600").values == (1500.0, 600.0)
    assert axis_of(scenario(), SPEND, [600, 1500]).values == (600.0, 1500.0)


def test_bounds_alone_ask_for_no_values():
    found = axis_of(scenario(), SPEND, "600:1500")
    assert (found.low, found.high, found.values) == (600.0, 1500.0, ())


def test_where_only_whole_numbers_may_stand_spaced_values_are_rounded_and_kept_once():
    text = TEXT + "[mechanisms.service_desk]\nagents = 3\nagent_cost = 3000\n"
    assert axis_of(scenario(text=text), "mechanisms.service_desk.agents", "1:3:5").values == (1.0, 2.0, 3.0)
    with pytest.raises(retainsim.UsageError, match=r"agents: 2\.5; only whole numbers"):
        axis_of(scenario(text=text), "mechanisms.service_desk.agents", "2.5,3")


@pytest.mark.parametrize(
    ("key", "asked", "says"),
    [
        ("acquisition.advertising.spent", "1:2:3", 'did you mean "spend"'),
        ("segments.small.frailty", "1:2:3", r"only a number can be varied \(it is .*table"),
        ("segments.small.annual_churn", "0.5,1.5", r"1\.5 is not allowed; give a number at least 0 and below 1"),
        ("mechanisms.service_desk.agents", "1:2:3", "is not switched on"),
        (SPEND, "20000", None),
        (SPEND, "1:2:3:4", "write LO:HI:N"),
        (SPEND, "1:x:3", "write LO:HI:N"),
        (SPEND, "1:nan:3", "write LO:HI:N"),
        (SPEND, "2:1:3", "the first bound must be below the second"),
        (SPEND, "1:2:1", "give a whole number from 2"),
        (SPEND, "1:2:2.5", "give a whole number from 2"),
        (SPEND, [], "give at least one finite number"),
        ("arms.retention.retention.points", "0.05,5", r"0\.05 is not allowed"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_remedy(key, asked, says):
    if says is None:
        assert axis_of(scenario(), key, asked).values == (20_000.0,)
        return
    with pytest.raises(retainsim.UsageError, match=says):
        axis_of(scenario(), key, asked)


def test_no_points_of_retention_are_no_lever_and_what_holds_today():
    found = axis_of(scenario(), "arms.retention.retention.points", "0:8:9")
    assert (found.today, found.lever_of, found.words) == (0.0, "retention", "retention gain")
    assert found.means_no_lever(0.0)
    assert not found.means_no_lever(1.0)


def test_a_key_is_a_decision_unless_no_arm_can_change_it_or_it_is_assumed():
    assert axis_of(scenario(), SPEND, "1,2").is_decision
    assert axis_of(scenario(), "arms.retention.retention.points", "1,2").is_decision
    assert not axis_of(scenario(), SPEND, "1,2", is_assumed=True).is_decision
    assert not axis_of(scenario(), "run.discount_rate", "0.1,0.2").is_decision


def test_values_are_written_with_their_unit_once():
    money = Money("EUR", 1000.0)
    assert say(36.0, "money per month", money) == "EUR 36,000 per month"
    assert say(5.0, "percentage points", money) == "5 percentage points"
    assert say(0.22, "share a year", money) == "22 % a year"
    assert interval(0.15, 0.3, "share a year", money) == "15 % to 30 % a year"
    assert interval(20.0, 80.0, "money per month", money) == "EUR 20,000 to EUR 80,000 per month"


def test_a_unit_that_the_key_says_already_is_not_said_again():
    text = TEXT + "[mechanisms.service_desk]\nagents = 3\nagent_cost = 3000\n"
    found = axis_of(scenario(text=text), "mechanisms.service_desk.agents", "1:3")
    assert (found.words, found.unit) == ("service desk agents", "")


def test_a_distribution_stands_at_its_mean_today():
    tree = retainsim.loads(TEXT).document.tree | {"firm": {"fixed_costs": {"normal": [100.0, 5.0]}}}
    assert axis_of(scenario(text=tomli_w.dumps(tree)), "firm.fixed_costs", "90:110:3").today == 100.0
