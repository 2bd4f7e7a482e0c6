"""Segments from columns: what separates is found, what does not is left alone, what is known only afterwards refused."""

import numpy as np
import pytest
from scipy import stats

from retainsim.errors import UsageError
from retainsim.fit.covariate import read
from retainsim.fit.spells import Spells
from retainsim.fit.split import split


def firm(n=4000, seed=1):
    """Customers by the month leave four times as often as others, and those of them who pay below 40 twice more."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["by the month", "a year", "two years"], n, p=[0.5, 0.25, 0.25])
    price = rng.uniform(10, 100, n)
    hazard = 0.01 * np.where(plan == "by the month", np.where(price < 40, 8, 4), 1)
    end, seen = rng.exponential(1 / hazard), rng.uniform(5, 60, n)
    spells = Spells.of(np.minimum(end, seen), end <= seen)
    columns = {"plan": plan, "price": price, "noise": rng.integers(0, 30, n).astype(str), "coin": rng.random(n)}
    return spells, columns


def test_the_columns_that_separate_are_found_and_said_in_words():
    spells, columns = firm()
    found = split(spells, columns)
    assert found.columns == ("plan", "price")
    rules = [each.rule for each in found.segments]
    assert rules == [
        "plan = by the month and price below 40",
        "plan = by the month and price 40 or more",
        "plan = a year or two years",
    ]
    assert [each.n for each in found.segments] == np.bincount(found.codes).tolist()
    assert sum(each.events for each in found.segments) == spells.events


def test_a_rule_says_who_is_in_a_segment():
    spells, columns = firm()
    found = split(spells, columns)
    assert ((found.codes == 0) == ((columns["plan"] == "by the month") & (columns["price"] < 40))).all()


def test_columns_that_say_nothing_make_no_segments():
    """100 firms of 400 with 5 columns of noise: a false split in 6 or fewer (BIC and Bonferroni together: below 1 %)."""
    wrong = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        end, seen = rng.exponential(20, 400), rng.uniform(5, 60, 400)
        noise = {f"x{k}": rng.random(400) for k in range(3)} | {
            f"w{k}": rng.choice(list("abcdef"), 400) for k in range(2)
        }
        wrong += len(split(Spells.of(np.minimum(end, seen), end <= seen), noise).segments) > 1
    assert wrong <= 6


def test_the_gain_of_a_split_in_two_is_about_the_log_rank_statistic():
    rng = np.random.default_rng(3)
    group = rng.random(2000) < 0.5
    end, seen = rng.exponential(np.where(group, 20, 26)), rng.uniform(5, 60, 2000)
    spells = Spells.of(np.minimum(end, seen), end <= seen)
    found = split(spells, {"group": group.astype(str)})
    data = [stats.CensoredData.right_censored(spells.exit[g], ~spells.left[g]) for g in (group, ~group)]
    assert found.gains[0][2] == pytest.approx(stats.logrank(*data).statistic ** 2, rel=0.1)


def test_every_segment_keeps_leavers_and_customers_enough():
    spells, columns = firm(2000, seed=4)
    found = split(spells, columns, fewest_events=100, smallest=0.1)
    assert len(found.segments) > 1
    assert min(each.events for each in found.segments) >= 100
    assert min(each.n for each in found.segments) >= 200


def test_there_are_never_more_segments_or_conditions_than_asked():
    spells, columns = firm(4000, seed=5)
    assert len(split(spells, columns, most=2).segments) == 2
    assert all(" and " not in each.rule for each in split(spells, columns, deepest=1).segments)


def test_who_has_no_value_goes_where_they_leave_alike():
    spells, columns = firm(4000, seed=6)
    dear = columns["plan"] == "by the month"
    fee = np.where(dear, np.nan, 5.0 + np.arange(4000) % 40)
    assert any("missing" in each.rule for each in split(spells, {"fee": fee}).segments)
    words = np.where(dear, None, columns["plan"])
    assert any("missing" in each.rule for each in split(spells, {"plan": words}).segments)


def test_order_of_columns_and_rows_changes_nothing():
    spells, columns = firm(3000, seed=7)
    turned = np.arange(3000)[::-1]
    one = split(spells, columns)
    two = split(spells.where(turned), {name: columns[name][turned] for name in reversed(columns)})
    assert [each.rule for each in one.segments] == [each.rule for each in two.segments]
    assert (one.codes[turned] == two.codes).all()


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (lambda s: np.array([f"c{k}" for k in range(len(s))]), "different values"),
        (lambda s: np.arange(len(s)) * 7, "of its own"),
        (lambda s: np.full(len(s), "same"), "one value"),
        (lambda s: np.full(len(s), np.nan), "one value"),
        (lambda s: np.where(s.left, "gone", "here"), "who left"),
        (lambda s: 30 * s.exit + np.arange(len(s)) % 3, "runs with tenure"),
    ],
)
def test_columns_that_name_customers_or_are_known_only_afterwards_are_refused(values, why):
    spells, _ = firm(1000, seed=8)
    assert why in read("x", values(spells), spells)


def test_a_column_of_another_length_is_refused():
    spells, columns = firm(100, seed=9)
    with pytest.raises(UsageError, match="plan has 50 rows"):
        split(spells, {"plan": columns["plan"][:50]})


def test_cut_points_are_readable():
    spells, columns = firm()
    cuts = read("price", columns["price"], spells).cuts
    assert 10 <= len(cuts) <= 20
    assert all(round(cut) == cut for cut in cuts)
