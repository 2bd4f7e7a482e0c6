"""Designs fill a box evenly, and are no luck."""

import numpy as np

from retainsim.study.design import even, latin_hypercube


def test_a_latin_hypercube_has_one_point_in_every_slice_of_every_key():
    found = latin_hypercube(20, ["a", "b", "c"], seed=7)
    assert (np.sort((found * 20).astype(int), axis=0) == np.arange(20)[:, None]).all()


def test_a_design_follows_from_the_seed():
    assert (latin_hypercube(9, ["a", "b"], 7) == latin_hypercube(9, ["a", "b"], 7)).all()
    assert (latin_hypercube(9, ["a", "b"], 7) != latin_hypercube(9, ["a", "b"], 8)).any()


def test_an_even_design_goes_on_where_it_stopped():
    whole = even(12, 3)
    assert np.allclose(np.concatenate([even(5, 3), even(7, 3, skip=5)]), whole)
    assert ((whole > 0) & (whole < 1)).all()
