"""Luck belongs to a customer, a purpose and an occasion, and is as good as independent uniforms.

Statistical checks fix their seed; a p-value must lie in [1e-4, 1 - 1e-4], so that draws that are too even fail as
draws that are too uneven do.
"""

from hashlib import blake2b

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from retainsim import draws
from retainsim.draws import GOLDEN, Luck, key, mix, name
from unit.making import EXAMPLES

MASK = 2**64 - 1
PUBLISHED = {
    1234567: [
        6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821
    ],
    0: [0xE220A8397B1DCDAF],
}  # fmt: skip
N = 200_000
NAMES = name(key("existing"), np.arange(N))


def splitmix(seed, count):
    """Steele, Lea & Flood's generator, in Python's own integers."""
    for _ in range(count):
        seed = (seed + GOLDEN) & MASK
        z = seed
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        yield z ^ (z >> 31)


def unshifted(z, shift):
    found = z
    for _ in range(64 // shift + 1):
        found = z ^ (found >> shift)
    return found


def unmixed(z):
    """Return the word that `mix` turns into z."""
    z = unshifted(z, 31) * pow(0x94D049BB133111EB, -1, 2**64) & MASK
    z = unshifted(z, 27) * pow(0xBF58476D1CE4E5B9, -1, 2**64) & MASK
    return unshifted(z, 30)


def name_with_output(luck, purpose, output):
    """Return the name whose generator for this purpose starts with `output`."""
    word = ((unmixed(output) - GOLDEN) & MASK) ^ key(luck.seed, luck.replication, purpose)
    return np.array([word], dtype=np.uint64)


def is_plausible(p):
    return 1e-4 <= p <= 1 - 1e-4


def chi_square(counts, expected=None):
    return stats.chisquare(counts, expected).pvalue


def assert_uniform(u):
    assert is_plausible(chi_square(np.histogram(u, 1000, (0, 1))[0]))
    assert is_plausible(stats.kstest(u, "uniform").pvalue)


def assert_independent(u, v):
    """Check two samples of uniforms for correlation (4 standard errors) and on a 32 x 32 grid."""
    assert abs(np.corrcoef(u, v)[0, 1]) < 4 / np.sqrt(len(u))
    assert is_plausible(chi_square(np.histogram2d(u, v, 32, [(0, 1), (0, 1)])[0].ravel()))


@pytest.mark.parametrize("seed", PUBLISHED)
def test_mix_gives_the_published_outputs_of_splitmix64(seed):
    places = [(seed + (n + 1) * GOLDEN) & MASK for n in range(len(PUBLISHED[seed]))]
    assert mix(np.array(places, dtype=np.uint64)).tolist() == PUBLISHED[seed]


def test_mix_leaves_its_argument_alone():
    words = np.arange(5, dtype=np.uint64)
    mix(words)
    assert words.tolist() == [0, 1, 2, 3, 4]


@EXAMPLES
@given(st.integers(0, MASK))
def test_mix_loses_nothing(word):
    assert unmixed(int(mix(np.array([word], dtype=np.uint64))[0])) == word


@EXAMPLES
@given(st.integers(0, MASK), st.integers(0, 2**63 - 1), st.integers(0, 10_000))
def test_the_uniforms_of_a_customer_are_the_outputs_of_its_own_splitmix64(word, seed, replication):
    luck, names = Luck(seed, replication), np.array([word], dtype=np.uint64)
    start = word ^ key(seed, replication, "churn.price")
    wanted = [(z >> 12) + 0.5 for z in splitmix(start, 3)]
    found = [luck.uniform("churn.price", names, occasion)[0] * 2.0**52 for occasion in range(3)]
    assert found == wanted


def test_a_key_is_blake2b_of_typed_parts():
    digest = blake2b(b"int:7\x1fint:0\x1fstr:churn.price", digest_size=8).digest()
    assert key(7, 0, "churn.price") == int.from_bytes(digest, "little")


def test_keys_tell_words_from_numbers_and_where_a_word_ends():
    assert len({key(1), key("1"), key("a", "b"), key("ab"), key("a", 1), key("b", "a")}) == 6


def test_names_differ_for_all_customers_cells_and_orders_of_numbers():
    months, strips = np.divmod(np.arange(100_000), 100)
    cells = [name(key("acquisition", channel), months, strips) for channel in ("a", "b")]
    assert len(np.unique(np.concatenate([NAMES, *cells]))) == N + 200_000
    assert name(0, 1, 2) != name(0, 2, 1)


def test_a_name_hangs_on_its_own_numbers_whatever_stands_beside_them():
    some = name(key("existing"), np.array([5, 17, 3]))
    assert some.tolist() == NAMES[[5, 17, 3]].tolist()
    assert name(9, np.arange(3), 4).tolist() == [int(name(9, i, 4)[0]) for i in range(3)]


def test_luck_does_not_depend_on_order_on_company_or_on_what_was_asked_before():
    luck, order = Luck(3, 1), np.random.default_rng(0).permutation(1000)
    wanted = luck.uniform("churn.a", NAMES[:1000])
    luck.gamma("churn.frailty", NAMES, 2.0)
    assert np.array_equal(luck.uniform("churn.a", NAMES[:1000][order]), wanted[order])
    assert np.array_equal(luck.uniform("churn.a", NAMES[500:510]), wanted[500:510])
    assert np.array_equal(Luck(3, 1).uniform("churn.a", NAMES[:1000]), wanted)


def test_drawing_leaves_the_names_alone():
    names = NAMES[:10].copy()
    Luck(0, 0).exponential("x", names, np.arange(10))
    assert np.array_equal(names, NAMES[:10])


def test_an_occasion_is_the_same_whether_given_once_or_for_each_name():
    luck = Luck(0, 0)
    for occasion in (0, 1, 12_345):
        each = np.full(100, occasion)
        assert np.array_equal(luck.uniform("x", NAMES[:100], occasion), luck.uniform("x", NAMES[:100], each))


def test_seed_0_is_a_seed_like_any_other():
    draws_of = [Luck(seed, replication).uniform("x", NAMES[:50]) for seed in (0, 1) for replication in (0, 1)]
    assert len(np.unique(np.concatenate(draws_of))) == 200
    assert_uniform(Luck(0, 0).uniform("x", NAMES))


@pytest.mark.parametrize("names", [NAMES, np.arange(N, dtype=np.uint64)], ids=["hashed", "consecutive"])
@pytest.mark.parametrize("purpose", ["churn.price", "acquisition.time"])
def test_uniforms_are_uniform(names, purpose):
    assert_uniform(Luck(7, 3).uniform(purpose, names))


def test_every_bit_of_a_uniform_is_fair():
    bits = (Luck(1, 0).uniform("x", NAMES) * 2.0**53).astype(np.uint64)
    shares = np.array([((bits >> np.uint64(i)) & np.uint64(1)).mean() for i in range(1, 53)])
    assert np.abs(shares - 0.5).max() < 4.5 * 0.5 / np.sqrt(N)  # 52 bits: 4.5 se is a false alarm in 2,800 tries


def test_the_uniforms_of_one_customer_over_occasions_are_uniform():
    one = np.full(N, NAMES[0])
    assert_uniform(Luck(0, 0).uniform("visits", one, np.arange(N)))


NEIGHBOURS = {
    "names": lambda: (Luck(0, 0).uniform("x", NAMES[:-1]), Luck(0, 0).uniform("x", NAMES[1:])),
    "consecutive_words": lambda: tuple(Luck(0, 0).uniform("x", np.arange(i, N + i, dtype=np.uint64)) for i in (0, 1)),
    "flipped_low_bit": lambda: tuple(Luck(0, 0).uniform("x", NAMES ^ np.uint64(i)) for i in (0, 1)),
    "flipped_high_bit": lambda: tuple(Luck(0, 0).uniform("x", NAMES ^ np.uint64(i)) for i in (0, 2**63)),
    "purposes": lambda: tuple(Luck(0, 0).uniform(f"churn.{p}", NAMES) for p in "ab"),
    "replications": lambda: tuple(Luck(0, r).uniform("x", NAMES) for r in (0, 1)),
    "seeds": lambda: tuple(Luck(s, 0).uniform("x", NAMES) for s in (0, 1)),
    "seed_and_replication_swapped": lambda: tuple(Luck(s, 1 - s).uniform("x", NAMES) for s in (0, 1)),
    "occasions": lambda: tuple(Luck(0, 0).uniform("x", NAMES, o) for o in (0, 1)),
    "occasion_and_name": lambda: (
        Luck(0, 0).uniform("x", NAMES[:-1], 1), Luck(0, 0).uniform("x", NAMES[1:], 0)
    ),
    "name_and_its_luck": lambda: (NAMES * 2.0**-64, Luck(0, 0).uniform("x", NAMES)),
}  # fmt: skip


@pytest.mark.parametrize("kind", NEIGHBOURS)
def test_neighbours_in_any_direction_have_independent_luck(kind):
    assert_independent(*NEIGHBOURS[kind]())


def test_a_uniform_is_above_0_even_where_the_generator_gives_0():
    luck = Luck(0, 0)
    assert luck.uniform("x", name_with_output(luck, "x", 0))[0] > 0.0


def test_a_uniform_is_below_1_even_where_the_generator_gives_all_ones():
    luck = Luck(0, 0)
    assert luck.uniform("x", name_with_output(luck, "x", MASK))[0] < 1.0


@pytest.mark.parametrize(
    ("drawn", "law"),
    [
        (lambda luck: luck.exponential("x", NAMES), stats.expon()),
        (lambda luck: luck.normal("x", NAMES), stats.norm()),
        (lambda luck: luck.gamma("x", NAMES, 2.0), stats.gamma(2.0)),
        (lambda luck: luck.gamma("x", NAMES, 0.2), stats.gamma(0.2)),
        (lambda luck: luck.beta("x", NAMES, 0.7, 1.2), stats.beta(0.7, 1.2)),
        (lambda luck: luck.beta("x", NAMES, 3.0, 40.0), stats.beta(3.0, 40.0)),
    ],
)
def test_draws_have_the_law_they_are_named_after(drawn, law):
    assert is_plausible(stats.kstest(drawn(Luck(5, 0)), law.cdf).pvalue)  # n = 200,000


def test_every_draw_rises_or_falls_with_its_uniform_so_that_ranks_survive_a_change_of_law():
    luck = Luck(2, 0)
    order = np.argsort(luck.uniform("x", NAMES[:2000]))
    for drawn in (
        -luck.exponential("x", NAMES[:2000]),
        luck.normal("x", NAMES[:2000]),
        *(luck.gamma("x", NAMES[:2000], shape) for shape in (0.3, 1.0, 8.0)),
        luck.beta("x", NAMES[:2000], 0.7, 1.2),
    ):
        assert (np.diff(drawn[order]) > 0).all()


@pytest.mark.parametrize("shape", [0.05, 0.2, 0.5, 1.0, 2.0, 5.0, 50.0, 1000.0])
def test_gamma_quantiles_agree_with_scipy_to_1e_10(shape):
    scores = np.concatenate([np.linspace(-8.28, 8.28, 20_011), np.random.default_rng(1).normal(size=20_000)])
    below = special.gammaincinv(shape, special.ndtr(scores))
    wanted = np.where(scores < 0, below, special.gammainccinv(shape, special.ndtr(-scores)))
    seen = wanted > 1e-250  # below that a customer never leaves anyway
    found = draws._gamma_quantile(shape)(scores)
    assert np.abs(found[seen] / wanted[seen] - 1).max() < 1e-10
    assert found[~seen].max(initial=0.0) < 1e-240


@pytest.mark.parametrize("weights", [[1.0, 2.0, 3.0], [0.0, 5.0, 0.0, 1.0, 0.0], [4.0], [1e-6, 1.0, 1e-6]])
def test_choices_come_in_proportion_to_their_weights_and_never_where_a_weight_is_0(weights):
    weights = np.array(weights)
    counts = np.bincount(Luck(0, 0).choice("x", NAMES, weights), minlength=len(weights))
    expected = N * weights / weights.sum()
    assert counts[weights == 0].sum() == 0
    spread = np.sqrt(expected * (1 - weights / weights.sum()))
    assert (np.abs(counts - expected) <= 4 * spread + 4 * (expected < 1)).all()


def test_a_choice_does_not_depend_on_the_scale_of_the_weights():
    luck = Luck(0, 0)
    one, two = (luck.choice("x", NAMES, np.array([1.0, 2.0, 4.0]) * scale) for scale in (1.0, 256.0))
    assert np.array_equal(one, two)


def test_the_last_choice_with_a_weight_takes_what_rounding_leaves_over():
    luck = Luck(0, 0)
    names = name_with_output(luck, "x", MASK)
    assert luck.choice("x", names, np.array([0.1] * 10 + [0.0]))[0] == 9


@pytest.mark.parametrize("mean", [0.01, 0.5, 4.0, 50.0])
def test_poisson_counts_have_the_law_they_are_named_after(mean):
    found = Luck(4, 0).poisson("x", NAMES, mean)
    assert abs(found.mean() - mean) < 4 * np.sqrt(mean / N)
    last = int(stats.poisson(mean).isf(1e-4))  # the tail beyond is one bin
    counts = np.bincount(np.minimum(found, last), minlength=last + 1)
    chances = np.append(stats.poisson(mean).pmf(np.arange(last)), stats.poisson(mean).sf(last - 1))
    kept = N * chances > 5
    assert (np.abs(counts - N * chances)[~kept] < 15).all()
    assert is_plausible(chi_square(counts[kept], N * chances[kept] * counts[kept].sum() / (N * chances[kept]).sum()))
