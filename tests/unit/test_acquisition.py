"""How customers come: points of a Poisson process on the plane time x rate, the same whoever looks at them."""

import numpy as np
import pytest
from scipy import stats

from retainsim.acquisition import STRIP, Acquisition
from retainsim.draws import Luck


def tap(rate=30.0, *, seed=0, replication=0, channels=("ads",), mix=(1.0,)):
    acquisition = Acquisition(Luck(seed, replication), ("existing", *sorted(channels)))
    for channel in channels:
        acquisition.add(channel)
        acquisition.set_rate(channel, rate)
        acquisition.set_mix(channel, np.array(mix))
    return acquisition


def joiners(acquisition, edges):
    """Return names, times, origins and segments of all who join between the first edge and the last."""
    parts = [acquisition.arrivals(low, high) for low, high in zip(edges, edges[1:], strict=False)]
    return tuple(np.concatenate([getattr(p, k) for p in parts]) for k in ("names", "times", "origins", "segments"))


def in_order(found):
    order = np.argsort(found[0])
    return tuple(part[order] for part in found)


def same(one, two):
    return all(np.array_equal(a, b) for a, b in zip(in_order(one), in_order(two), strict=True))


YEARS = np.arange(0.0, 25.0)


@pytest.mark.parametrize(("low", "high"), [(0.5, 3.9), (3.9, 4.1), (30.0, 31.0), (60.0, 70.0), (63.9, 800.0)])
def test_more_spend_adds_joiners_and_removes_or_moves_nobody(low, high):
    """Also across the strips (4 joins a month) and the layers in which the plane is drawn."""
    few, many = (joiners(tap(rate, mix=(1.0, 2.0)), YEARS) for rate in (low, high))
    kept = np.isin(many[0], few[0])
    assert same(few, tuple(part[kept] for part in many))
    added = (~kept).sum()
    expected = 24 * (high - low)
    assert abs(added - expected) < 4 * np.sqrt(expected)


@pytest.mark.parametrize("rate", [0.7, 4.0, 6.3, 64.0, 150.0])
def test_joins_a_month_are_poisson_with_the_rate_in_force(rate):
    """600 months: mean within 4 standard errors, index of dispersion within its chi-square law, counts by bin."""
    taps = [tap(rate, replication=r) for r in range(25)]
    counts = np.array([len(t.arrivals(m, m + 1.0).names) for t in taps for m in range(24)])
    n = len(counts)
    assert abs(counts.mean() - rate) < 4 * np.sqrt(rate / n)
    dispersion = counts.var(ddof=1) * (n - 1) / counts.mean()
    assert 1e-4 < stats.chi2(n - 1).sf(dispersion) < 1 - 1e-4
    edges = np.unique(stats.poisson(rate).ppf([0.15, 0.3, 0.45, 0.6, 0.75, 0.9]))  # bins end with these counts
    chances = np.diff([0.0, *stats.poisson(rate).cdf(edges), 1.0])
    observed = np.bincount(np.searchsorted(edges, counts), minlength=len(chances))
    assert 1e-4 < stats.chisquare(observed, n * chances).pvalue < 1 - 1e-4


def test_joins_of_neighbouring_months_channels_and_replications_are_independent():
    taps = [tap(20.0, replication=r, channels=("ads", "events")) for r in range(60)]
    counts = np.array([[len(a.names) for a in (t.arrivals(m, m + 1.0) for m in range(13))] for t in taps])
    assert abs(np.corrcoef(counts[:, :-1].ravel(), counts[:, 1:].ravel())[0, 1]) < 4 / np.sqrt(60 * 12)
    assert abs(np.corrcoef(counts[:-1].ravel(), counts[1:].ravel())[0, 1]) < 4 / np.sqrt(59 * 13)
    by_channel = np.array([np.bincount(joiners(t, YEARS)[2], minlength=3)[1:] for t in taps])
    assert abs(np.corrcoef(*by_channel.T)[0, 1]) < 4 / np.sqrt(60)


def test_times_of_joining_are_uniform_within_the_month():
    found = joiners(tap(700.0), YEARS)[1]
    assert len(found) > 15_000
    assert stats.kstest(found % 1.0, "uniform").pvalue > 1e-4
    assert stats.kstest(found / 24.0, "uniform").pvalue > 1e-4


def test_settling_more_often_changes_no_name_and_no_time():
    often = np.unique(np.concatenate([YEARS, np.random.default_rng(0).uniform(0, 24, 60)]))
    assert same(joiners(tap(47.0), YEARS), joiners(tap(47.0), often))


def test_who_is_asked_for_once_is_not_told_again():
    acquisition = tap(200.0)
    first, second = acquisition.arrivals(2.0, 2.5), acquisition.arrivals(2.5, 3.0)
    assert first.times.max() <= 2.5 < second.times.min()
    assert not np.isin(first.names, second.names).any()


def test_a_change_in_the_middle_of_a_month_leaves_all_before_it_and_all_below_it_as_they_were():
    edges = np.array([0.0, 1.0, 1.4, 2.0, 3.0])
    plain, changed = tap(30.0), tap(30.0)
    wanted, found = joiners(plain, edges), [joiners(changed, edges[:3])]
    changed.set_rate("ads", 45.0)
    found = tuple(np.concatenate(p) for p in zip(found[0], joiners(changed, edges[2:]), strict=True))
    kept = np.isin(found[0], wanted[0])
    assert same(wanted, tuple(part[kept] for part in found))
    assert (~kept).sum() > 5
    assert found[1][~kept].min() > 1.4


def test_a_lower_rate_takes_away_and_adds_nobody():
    acquisition = tap(30.0)
    acquisition.multiply("market", "ads", 0.5)
    acquisition.multiply("breach", "ads", 0.9)
    assert acquisition.rate("ads") == pytest.approx(13.5)
    few, many = joiners(acquisition, YEARS), joiners(tap(30.0), YEARS)
    assert np.isin(few[0], many[0]).all()
    assert same(few, joiners(tap(13.5), YEARS))


def test_a_channel_brings_the_same_customers_whatever_others_there_are():
    alone = joiners(tap(30.0), YEARS)
    beside = joiners(tap(30.0, channels=("ads", "events", "web")), YEARS)
    mine = beside[2] == 1
    assert same(alone, tuple(part[mine] for part in beside))
    assert len(np.unique(beside[0])) == len(beside[0])


def test_every_customer_has_a_name_of_its_own_over_months_and_rates():
    names = joiners(tap(1500.0), YEARS)[0]
    assert len(np.unique(names)) == len(names) > 30_000


def test_names_are_the_same_in_every_replication_but_not_who_joins():
    """A name says which point of the plane; whether there is one is luck."""
    one, two = (joiners(tap(30.0, replication=r), YEARS) for r in (0, 1))
    shared = np.intersect1d(one[0], two[0])
    assert len(shared) > 100
    assert not same(one, two)
    times = [dict(zip(found[0].tolist(), found[1].tolist(), strict=True)) for found in (one, two)]
    assert all(times[0][n] != times[1][n] for n in shared.tolist())


def test_the_luck_of_joining_does_not_depend_on_which_arm_asks_first():
    luck = Luck(3, 0)
    first, second = (Acquisition(luck, ("existing", "ads")) for _ in range(2))
    for acquisition, rate in ((first, 10.0), (second, 300.0)):
        acquisition.add("ads")
        acquisition.set_rate("ads", rate)
    wanted = joiners(tap(300.0, seed=3), YEARS)
    joiners(first, YEARS)
    assert same(joiners(second, YEARS), wanted)


def test_no_rate_brings_nobody():
    assert len(tap(0.0).arrivals(3.0, 4.0).names) == 0
    empty = Acquisition(Luck(0, 0), ("existing",)).arrivals(0.0, 1.0)
    assert len(empty.names) == len(empty.times) == len(empty.origins) == len(empty.segments) == 0


def test_joiners_belong_to_segments_in_proportion_to_the_mix():
    segments = joiners(tap(700.0, mix=(3.0, 0.0, 1.0)), YEARS)[3]
    counts = np.bincount(segments, minlength=3)
    assert counts[1] == 0
    assert abs(counts[0] / len(segments) - 0.75) < 4 * np.sqrt(0.75 * 0.25 / len(segments))


def test_a_change_of_mix_changes_nobodys_name_or_time():
    one, two = joiners(tap(30.0, mix=(1.0, 1.0)), YEARS), joiners(tap(30.0, mix=(1.0, 3.0)), YEARS)
    assert same(one[:3], two[:3])
    assert (two[3][one[3] == 1] == 1).all()  # who is in the segment that grows stays in it


def test_a_join_has_the_price_of_its_channel():
    acquisition = tap(channels=("ads", "events"))
    acquisition.set_price("events", 350.0)
    assert acquisition.prices().tolist() == [0.0, 0.0, 350.0]


def test_a_strip_of_the_plane_is_4_joins_a_month_because_names_hang_on_it():
    assert STRIP == 4.0
