"""Every scenario that is shipped can be read, and says of itself what is true."""

import math
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, optimize

import retainsim
from retainsim import theory
from retainsim.scenario import document
from retainsim.scenario.schema import Parameters

FOLDER = Path(__file__).resolve().parents[2] / "scenarios"
FILES = sorted(FOLDER.glob("*.toml"))
ABSOLUTE = re.compile(r"""(?:^|[\s"'=(\[])(?:~?/[\w.-]+|[A-Za-z]:\\|file:/)""")
CARD_CHURN = (0.10, 0.05)
SHIPPED = {
    "breach", "car_wash", "card_issuer", "discount_client", "everything", "five_points", "key_account_landslide",
    "perception_gap", "poaching_war", "rep_leaves", "second_failure", "telco", "web_shop", "what_to_measure",
}  # fmt: skip


def load(name):
    return Parameters.model_validate(document.read(FOLDER / f"{name}.toml").tree)


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def file(request):
    return request.param


def header(file):
    """Return the lines of the comment that opens the file, without their marks."""
    lines = file.read_text("utf-8").splitlines()
    end = next(i for i, line in enumerate(lines) if not line.startswith("#"))
    return [line.removeprefix("#").strip() for line in lines[:end]]


def test_the_scenarios_are_there():
    assert {file.stem for file in FILES} >= SHIPPED


def test_a_scenario_is_valid(file):
    scenario = retainsim.load(file)
    assert scenario.title != "Untitled"


def test_a_scenario_asks_a_question(file):
    title = retainsim.load(file).parameters.title
    assert title.endswith("?")
    assert title == header(file)[0]


def test_a_scenario_opens_with_its_story(file):
    story = [line for line in header(file) if line]
    assert len(story) >= 5
    assert any(line.startswith("The question:") for line in story)


def test_a_scenario_names_no_absolute_path(file):
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        assert not ABSOLUTE.search(line), f"{file.name}:{number}: {line}"


@pytest.mark.parametrize("path", ['"/home/me/x.csv"', "see /tmp/x", "~/x.csv", r"C:\x.csv", "file:///x"])
def test_an_absolute_path_would_be_found(path):
    assert ABSOLUTE.search(f"data = {path}")


@pytest.mark.parametrize("text", ["12 / 24", "1/churn", "scenarios/data/telco.csv", "and/or"])
def test_a_fraction_is_not_taken_for_a_path(text):
    assert not ABSOLUTE.search(f"# {text}")


def test_every_arm_has_a_title_of_its_own(file):
    titles = [arm.title for arm in retainsim.load(file).parameters.arms.values()]
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_every_key_is_explained_beside_it_or_above_it(file):
    lines = file.read_text("utf-8").splitlines()
    for above, line in pairwise(lines):
        if re.match(r"[\w.]+ = ", line) and not line.startswith("title"):
            assert "#" in line or above.startswith("#"), f"{file.name}: {line}"


@pytest.mark.long
def test_a_scenario_runs_and_answers(file):
    """Over 2 replications in this process: enough for the books, not for the answer."""
    report = retainsim.run(retainsim.load(file), replications=2, jobs=1).report
    assert report["books"]["max_relative_error"] <= 1e-9
    assert report["verdict"] and all(sentence.endswith(".") for sentence in report["verdict"])
    assert [check for check in report["self_check"] if not check["ok"]] == []


# five_points.toml: its budgets are equal, and its pool is in balance


class Settled:
    """The expected pool of five_points.toml, by numerical integration, without the engine."""

    def __init__(self, scenario):
        self.scenario, self.age = scenario, 12 * scenario.pool.age_years
        self.customers = {n: s.share * scenario.pool.customers for n, s in scenario.segments.items()}
        self.bases = {name: self._base(name) for name in scenario.segments}

    def survival(self, name, base, tenure, factor=1.0, after=0.0):
        """Share of newcomers still there at `tenure`, then for `after` months under factor x hazard."""
        variance = self.scenario.segments[name].frailty.variance
        return theory.survival_gamma_frailty(base * (tenure + factor * after), variance)

    def _base(self, name):
        churn = self.scenario.segments[name].annual_churn

        def gap(base):
            return theory.retention_settled(lambda a: self.survival(name, base, a), self.age) - (1 - churn)

        return optimize.brentq(gap, 1e-4, 0.2)

    def present(self, month, factor=1.0, joins=None):
        """Customers of the opening pool still there at `month`, and those who joined since, by segment."""
        ages, months = np.linspace(0, self.age, 2001), np.linspace(0, month, 501)
        total = {}
        for name, base in self.bases.items():
            density = self.survival(name, base, ages)
            stay = integrate.trapezoid(self.survival(name, base, ages, factor, month), ages)
            newcomers = integrate.trapezoid(self.survival(name, base, 0.0, factor, months), months)
            opening = self.customers[name] * stay / integrate.trapezoid(density, ages)
            total[name] = opening + (joins or {}).get(name, 0.0) * newcomers
        return total

    def factor(self, points):
        """The factor on hazards that raises 12-month retention of the opening pool by `points`."""

        def kept(factor):
            return sum(self.present(12, factor).values()) / sum(self.customers.values())

        goal = kept(1.0) + points / 100
        return optimize.brentq(lambda factor: kept(factor) - goal, 0.05, 1)


def joins_by_segment(scenario):
    joins = dict.fromkeys(scenario.segments, 0.0)
    for channel in scenario.acquisition.values():
        for name, share in channel.mix.items():
            joins[name] += channel.joins * share / sum(channel.mix.values())
    return joins


@pytest.fixture(scope="module")
def northbay():
    return Settled(load("five_points"))


def test_five_points_stands_alone():
    assert document.read(FOLDER / "five_points.toml").sources == (str(FOLDER / "five_points.toml"),)


def test_the_programme_and_its_rival_in_advertising_spend_the_same_a_month(northbay):
    """Mean over the horizon, programme by customer-month under its own five points; also by present value."""
    arms, run = northbay.scenario.arms, northbay.scenario.run
    lever, rival = arms["programme"].retention, arms["advertising_same_budget"].change[0]
    factor, joins = northbay.factor(lever.points), joins_by_segment(northbay.scenario)
    months = np.linspace(0, run.months, 61)
    pool = np.array([sum(northbay.present(m, factor, joins).values()) for m in months])
    cost = lever.cost.per_customer_month * pool
    assert integrate.trapezoid(cost, months) / run.months == pytest.approx(rival.by, rel=0.005)
    discount = np.exp(-northbay.scenario.discounting * months)
    assert integrate.trapezoid(cost * discount, months) == pytest.approx(
        integrate.trapezoid(rival.by * discount, months), rel=0.01
    )
    assert cost[0] == 16_000


def test_northbays_pool_is_in_balance_over_the_horizon(northbay):
    end = northbay.present(northbay.scenario.run.months, joins=joins_by_segment(northbay.scenario))
    for name, customers in northbay.customers.items():
        assert end[name] == pytest.approx(customers, rel=0.03), name


def test_the_programme_gives_the_same_points_as_the_free_arm(northbay):
    arms = northbay.scenario.arms
    assert arms["programme"].retention.points == arms["retention"].retention.points == 5
    assert sum(northbay.present(12).values()) / 4000 == pytest.approx(0.804, abs=1e-6)


def test_northbays_next_join_costs_more_than_the_average_one(northbay):
    channel = northbay.scenario.acquisition["advertising"]
    marginal = channel.marginal_cost(channel.spend, channel.spend)
    assert marginal == pytest.approx(734, abs=0.5)
    assert channel.spend / channel.joins == pytest.approx(562, abs=0.6)


# card_issuer.toml: what its header expects follows from its numbers


def card_value(churn, *, won=True):
    """A customer's value in continuous time (USD), in the profile and at the rate of the file."""
    scenario = load("card_issuer")
    profile, force = scenario.mechanisms.growth.margin_by_year, math.log1p(scenario.run.discount_rate)
    rate = force - math.log1p(-churn)
    years = np.arange(len(profile))
    weights = -np.diff(np.exp(-rate * np.append(years, math.inf))) / rate
    return float(np.dot(profile, weights)) - won * scenario.acquisition["mail"].cost_per_join


def test_the_cards_header_expects_what_its_numbers_give():
    text = " ".join(header(FOLDER / "card_issuer.toml"))
    before, after = map(card_value, CARD_CHURN)
    assert f"Expect {before:.0f} and {after:.0f}: {100 * (after / before - 1):.0f} per cent more" in text


def test_the_cards_header_tells_counting_once_a_year_from_counting_all_year():
    scenario = load("card_issuer")
    profile = [-scenario.acquisition["mail"].cost_per_join, *scenario.mechanisms.growth.margin_by_year]
    before, after = (
        theory.profile_value_geometric_life(profile, 51, retention=1 - c, discount=scenario.run.discount_rate)
        for c in CARD_CHURN
    )
    assert (round(before), round(after)) == (216, 378)
    assert after / before == pytest.approx(1.75, abs=0.005)
    text = " ".join(header(FOLDER / "card_issuer.toml"))
    assert "216 and 378: again 75 per cent more" in text
    fixed = theory.profile_value_fixed_life(profile, 51, years=20, discount=scenario.run.discount_rate)
    assert f"then give {fixed:.1f} for the third" in text


def test_the_cards_header_is_right_about_an_issuer_that_has_customers_already():
    """NPV of 10,000 customers in ten years' settled tenures and of 88 joins a month over 60 months."""
    scenario = load("card_issuer")
    profile, force = scenario.mechanisms.growth.margin_by_year, math.log1p(scenario.run.discount_rate)
    joins, months = scenario.acquisition["mail"].joins, scenario.run.months
    won = 12 * joins * -math.expm1(-force * months / 12) / force
    hazard, ages = -math.log1p(-CARD_CHURN[0]), np.linspace(0, 10, 4001)
    life, step = np.linspace(0, 200, 80_001), 200 / 80_000
    margin = np.array(profile)[np.minimum(life.astype(int), len(profile) - 1)]

    def npv(churn):
        rate = force - math.log1p(-churn)
        tail = np.cumsum((margin * np.exp(-rate * life))[::-1])[::-1] * step * np.exp(rate * life)
        value = np.interp(ages, life, tail)
        settled = np.exp(-hazard * ages)
        return 10_000 * value @ settled / settled.sum() + won * card_value(churn)

    gain = 100 * (npv(CARD_CHURN[1]) / npv(CARD_CHURN[0]) - 1)
    assert f"gains {gain:.0f} per cent in NPV" in " ".join(header(FOLDER / "card_issuer.toml"))
    assert -math.log1p(-CARD_CHURN[0]) / 12 * 10_000 == pytest.approx(joins, abs=0.5)


def test_the_card_has_one_arm_for_each_reading_of_five_per_cent():
    readings = [arm.retention.goal(0.90) for arm in load("card_issuer").arms.values()]
    assert readings == pytest.approx([0.95, 0.945, 0.905])


def test_the_cards_closing_value_cuts_off_less_than_three_in_a_thousand():
    """The tail beyond `closing_years` of a customer present at the horizon, at 5 per cent churn."""
    scenario = load("card_issuer")
    rate = math.log1p(scenario.run.discount_rate) - math.log1p(-min(CARD_CHURN))
    tail = scenario.mechanisms.growth.margin_by_year[-1] * math.exp(-rate * scenario.run.closing_years) / rate
    assert tail / card_value(min(CARD_CHURN)) < 0.003
