"""What happens to a customer again and again happens at exact times, at the rate in force at each of them."""

import numpy as np
import pytest
from scipy import stats

from retainsim.clocks import Clocks
from retainsim.draws import Luck, key, name
from retainsim.pool import Pool

N = 20_000


class Watch:
    """A pool with clocks, and what they rang."""

    def __init__(self, count=N, clocks=("visit",), seed=0, segments=0):
        self.pool = Pool()
        self.clocks = Clocks(self.pool, Luck(seed, 0))
        self.rung = {clock: [] for clock in clocks}
        for clock in clocks:
            self.clocks.add(clock, self._note(clock))
        rows = self.pool.append(count)
        self.pool["name"][rows] = name(key("test"), np.arange(count))
        self.pool["segment"][rows] = segments

    def _note(self, clock):
        def note(rows, times, occasions):
            self.rung[clock].append((self.pool["name"][rows], times.copy(), occasions.copy()))

        return note

    def rings(self, clock="visit"):
        """Return names, times and occasions of all rings, in order of name and occasion."""
        names, times, occasions = (np.concatenate(parts) for parts in zip(*self.rung[clock], strict=True))
        order = np.lexsort((occasions, names))
        return names[order], times[order], occasions[order]

    def counts(self, clock="visit"):
        names = self.rings(clock)[0]
        order = np.sort(self.pool["name"])
        return np.bincount(np.searchsorted(order, names), minlength=len(order))


def rates(*values):
    return np.array(values, dtype=float)


def played(schedule, until, **more):
    """Play a clock whose rate changes at given times, settled at every change and at the end."""
    watch = Watch(**more)
    for time, rate in schedule:
        watch.clocks.settle(time)
        watch.clocks.set_rate("visit", np.atleast_1d(np.array(rate, dtype=float)), time)
    watch.clocks.settle(until)
    return watch


def waits(names, burnt):
    """Return what was burnt between one ring and the next of the same customer, and before the first."""
    first = np.append(True, names[1:] != names[:-1])
    return np.where(first, burnt, burnt - np.append(0.0, burnt[:-1]))


def test_rings_are_counted_as_a_poisson_process_would_be():
    counts = played([(0.0, 0.3)], 10.0).counts()
    mean, n = 3.0, N
    assert abs(counts.mean() - mean) < 4 * np.sqrt(mean / n)
    assert abs(counts.var(ddof=1) - mean) < 4 * np.sqrt((mean + 2 * mean**2) / n)
    expected = n * stats.poisson(mean).pmf(np.arange(9))
    observed = np.bincount(np.minimum(counts, 9), minlength=10)
    assert stats.chisquare(observed, np.append(expected, n - expected.sum())).pvalue > 1e-4


def test_a_changing_rate_keeps_the_exact_exponential_law_of_what_is_burnt_between_rings():
    """Times turned into burnt amounts are a unit Poisson process: n = 20,000 first and 20,000 later waits."""
    schedule = [(0.0, 0.5), (1.7, 2.0), (2.0, 0.0), (4.3, 0.1), (6.0, 1.0)]
    names, times, _ = played(schedule, 40.0).rings()
    edges, amounts = np.array([s[0] for s in schedule]), np.array([s[1] for s in schedule])
    before = np.append(0.0, np.cumsum(np.diff(edges) * amounts[:-1]))
    stretch = np.searchsorted(edges, times, side="right") - 1
    burnt = before[stretch] + amounts[stretch] * (times - edges[stretch])
    assert not ((times > 2.0) & (times < 4.3)).any()  # a clock that stands still does not ring
    wait = waits(names, burnt)
    firsts = np.append(True, names[1:] != names[:-1])
    assert stats.kstest(wait[firsts], "expon").pvalue > 1e-4
    seconds = np.append(False, firsts[:-1]) & ~firsts
    assert stats.kstest(wait[seconds], "expon").pvalue > 1e-4


def test_settling_more_often_changes_no_ring():
    once = played([(0.0, 0.7)], 12.0, count=500).rings()
    often = played([(t, 0.7) for t in np.linspace(0.0, 11.9, 40)], 12.0, count=500).rings()
    assert all(np.array_equal(a, b) for a, b in zip(once, often, strict=True))


def test_changing_the_rate_and_back_at_once_changes_no_ring():
    once = played([(0.0, 0.7)], 12.0, count=500).rings()
    twice = played([(0.0, 0.7), (3.3, 9.0), (3.3, 0.7)], 12.0, count=500).rings()
    assert np.array_equal(once[0], twice[0])
    assert twice[1] == pytest.approx(once[1], rel=1e-12)


def test_a_rate_that_is_cut_to_half_doubles_every_wait_that_is_left():
    once, half = played([(0.0, 0.7)], 60.0, count=500), played([(0.0, 0.7), (2.0, 0.35)], 200.0, count=500)
    names, times, occasions = once.rings()
    stretched = np.where(times > 2.0, 2.0 + 2 * (times - 2.0), times)
    found = half.rings()
    kept = np.isin(found[0] ^ mixed(found[2]), names ^ mixed(occasions))
    assert found[1][kept] == pytest.approx(stretched, rel=1e-9)


def mixed(occasions):
    return name(1, occasions)


def test_no_ring_comes_sooner_at_a_lower_rate():
    high = played([(0.0, 1.0)], 30.0, count=1000).rings()
    low = played([(0.0, 1.0), (4.0, 0.8), (9.0, 0.5)], 30.0, count=1000).rings()
    at = {(n, o): t for n, t, o in zip(*high, strict=True)}
    assert all(t >= at[n, o] - 1e-12 for n, t, o in zip(*low, strict=True))
    assert len(low[0]) < len(high[0])


def test_occasions_count_up_from_0_and_times_rise_with_them():
    names, times, occasions = played([(0.0, 0.7)], 12.0, count=500).rings()
    first = np.append(True, names[1:] != names[:-1])
    assert (occasions[first] == 0).all()
    assert (np.diff(occasions)[~first[1:]] == 1).all()
    assert (np.diff(times)[~first[1:]] > 0).all()


def test_rings_after_the_customer_left_are_void():
    watch = Watch(2000)
    watch.pool["leaves"][:] = np.linspace(0.0, 10.0, 2000)
    watch.clocks.set_rate("visit", rates(3.0), 0.0)
    watch.clocks.settle(20.0)
    leaves = dict(zip(watch.pool["name"].tolist(), watch.pool["leaves"].tolist(), strict=True))
    names, times, _ = watch.rings()
    assert all(t < leaves[n] for n, t in zip(names.tolist(), times.tolist(), strict=True))
    expected = 3.0 * watch.pool["leaves"].sum()
    assert abs(len(names) - expected) < 4 * np.sqrt(expected)


def test_a_ring_may_end_the_life_there_and_then():
    watch = Watch(1000, clocks=())

    def drop(rows, times, occasions):
        watch.rung.setdefault("buy", []).append((watch.pool["name"][rows], times.copy(), occasions.copy()))
        watch.pool["leaves"][rows[occasions == 2]] = times[occasions == 2]

    watch.clocks.add("buy", drop)
    watch.clocks.set_rate("buy", rates(2.0), 0.0)
    watch.clocks.settle(50.0)
    assert (watch.counts("buy") == 3).all()


def test_those_who_are_gone_do_not_ring():
    watch = Watch(100)
    watch.clocks.set_rate("visit", rates(3.0), 0.0)
    watch.pool.remove(np.arange(50))
    watch.clocks.settle(5.0)
    assert not np.isin(watch.pool["name"][:50], watch.rings()[0]).any()


def test_a_clock_of_newcomers_starts_when_they_join():
    watch = Watch(10)
    watch.clocks.set_rate("visit", rates(0.5), 0.0)
    rows = watch.pool.append(N)
    watch.pool["name"][rows] = name(key("joiner"), np.arange(N))
    joined = watch.pool["joined"][rows] = np.linspace(0.0, 1.0, N)
    watch.clocks.start(rows, joined)
    watch.clocks.settle(11.0)
    names, times, occasions = watch.rings()
    new = np.isin(names, watch.pool["name"][rows]) & (occasions == 0)
    where = dict(zip(watch.pool["name"][rows].tolist(), joined.tolist(), strict=True))
    wait = times[new] - np.array([where[n] for n in names[new].tolist()])
    assert wait.min() > 0
    assert stats.kstest(wait[wait < 8], lambda w: -np.expm1(-0.5 * w) / -np.expm1(-4.0)).pvalue > 1e-4


def test_a_clock_without_a_rate_never_rings_and_starts_when_it_gets_one():
    watch = played([(0.0, 0.0), (5.0, 1.0)], 9.0, count=5000)
    assert watch.rings()[1].min() > 5.0
    assert abs(watch.counts().mean() - 4.0) < 4 * np.sqrt(4.0 / 5000)


def test_every_segment_has_its_own_rate():
    watch = played([(0.0, (0.2, 1.5))], 10.0, segments=np.arange(N) % 2)
    by_name = dict(zip(watch.pool["name"].tolist(), watch.pool["segment"].tolist(), strict=True))
    segment = np.array([by_name[n] for n in np.sort(watch.pool["name"]).tolist()])
    for index, mean in enumerate((2.0, 15.0)):
        assert abs(watch.counts()[segment == index].mean() - mean) < 4 * np.sqrt(2 * mean / N)


def test_a_move_to_another_segment_goes_on_with_the_fuse_at_the_other_rate():
    watch = Watch()
    watch.clocks.set_rate("visit", rates(0.2, 1.0), 0.0)
    watch.clocks.settle(3.0)
    rows = np.arange(N)
    watch.clocks.move(rows, np.full(N, 3.0), np.ones(N, dtype=int))
    watch.clocks.settle(30.0)
    names, times, _ = watch.rings()
    burnt = np.where(times < 3.0, 0.2 * times, 0.6 + (times - 3.0))
    first = np.append(True, names[1:] != names[:-1])
    assert stats.kstest(burnt[first], "expon").pvalue > 1e-4


def two_clocks(moving, other, rate_of_other=(0.8, 0.8)):
    """Play a clock at whose rings customers change between two segments, and another that should not notice."""
    watch = Watch(N, clocks=(other,))

    def move(rows, times, occasions):
        watch.clocks.move(rows, times, 1 - watch.pool["segment"][rows].astype(int))

    watch.clocks.add(moving, move)
    watch.clocks.set_rate(other, rates(*rate_of_other), 0.0)
    watch.clocks.set_rate(moving, rates(1.0, 1.0), 0.0)
    for month in range(1, 6):
        watch.clocks.settle(float(month))
    return watch


def alone(other):
    watch = Watch(N, clocks=(other,))
    watch.clocks.set_rate(other, rates(0.8, 0.8), 0.0)
    watch.clocks.settle(5.0)
    return watch


@pytest.mark.parametrize(
    "other",
    [
        "contacts",
        "visits",
    ],
)
def test_moves_between_segments_of_equal_rates_change_no_ring_of_another_clock(other):
    found, wanted = two_clocks("moves", other).rings(other), alone(other).rings(other)
    assert len(found[0]) == len(wanted[0])
    assert found[1] == pytest.approx(wanted[1], abs=1e-9)


@pytest.mark.parametrize("other", ["contacts", "visits"])
def test_a_move_changes_the_rate_of_another_clock_at_the_time_of_the_move(other):
    """Rings in segment 1, whose rate is 0, must not happen: nobody there is owed any."""
    watch = Watch(2000, clocks=())
    seen = []

    def move(rows, times, occasions):
        watch.clocks.move(rows, times, 1 - watch.pool["segment"][rows].astype(int))
        watch.pool["size"][rows] = np.where(occasions == 0, times, watch.pool["size"][rows])

    def note(rows, times, occasions):
        seen.append((watch.pool["name"][rows], times.copy()))

    watch.pool["size"][:] = np.inf  # here: the time of the first move, after which nobody moves again
    watch.clocks.add("moves", move)
    watch.clocks.add(other, note)
    watch.clocks.set_rate(other, rates(2.0, 0.0), 0.0)
    watch.clocks.set_rate("moves", rates(1.0, 0.0), 0.0)
    watch.clocks.settle(3.0)
    moved = dict(zip(watch.pool["name"].tolist(), watch.pool["size"].tolist(), strict=True))
    names, times = (np.concatenate(parts) for parts in zip(*seen, strict=True))
    expected = 2.0 * np.minimum(watch.pool["size"], 3.0).sum()
    assert all(t <= moved[n] for n, t in zip(names.tolist(), times.tolist(), strict=True))
    assert abs(len(names) - expected) < 4 * np.sqrt(expected)
