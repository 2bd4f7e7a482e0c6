"""Cache: numbers kept by content, and harmless when they cannot be."""

from __future__ import annotations

import numpy as np

from retainsim import cache


def count_calls(calls):
    def compute():
        calls.append(1)
        return [np.array([0.1, 1e300]), np.array([[1.0], [2.0]])]

    return compute


def test_what_is_kept_is_what_was_computed_and_is_computed_once(tmp_path, monkeypatch):
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path / "new" / "folder"))
    calls = []
    first = cache.recall(["a", 1.0], count_calls(calls))
    again = cache.recall(["a", 1.0], count_calls(calls))
    assert len(calls) == 1
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_other_content_is_computed_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path))
    calls = []
    cache.recall(["a", 1.0], count_calls(calls))
    cache.recall(["a", 1.0000000001], count_calls(calls))
    assert len(calls) == 2


def test_a_damaged_entry_is_computed_anew_and_mended(tmp_path, monkeypatch):
    monkeypatch.setenv("RETAINSIM_CACHE", str(tmp_path))
    calls = []
    cache.recall("x", count_calls(calls))
    (entry,) = tmp_path.iterdir()
    entry.write_text("[[1, 2")
    cache.recall("x", count_calls(calls))
    cache.recall("x", count_calls(calls))
    assert len(calls) == 2


def test_a_cache_that_cannot_be_written_costs_no_result(tmp_path, monkeypatch):
    blocker = tmp_path / "file"
    blocker.write_text("")
    monkeypatch.setenv("RETAINSIM_CACHE", str(blocker / "inside"))
    assert cache.recall("x", count_calls([]))[1].shape == (2, 1)
