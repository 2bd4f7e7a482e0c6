"""What is not known is drawn once per replication, the same in every arm, and is never silently left out."""

import numpy as np
import pytest
import tomli_w
from unit.making import SEGMENT, differing

import retainsim
from retainsim.study.task import prepare

TREE = {
    "run": {"months": 12, "replications": 2},
    "firm": {"tax_rate": 0.25},
    "pool": {"customers": 300},
    "segments": {
        "small": SEGMENT | {"share": 0.7, "frailty": {"kind": "gamma", "variance": 0.5}},
        "large": SEGMENT | {"share": 0.3, "duration": {"kind": "power", "power": 0.8}},
    },
    "churn": {"reasons": {"price": 1.0, "service": 2.0}},
    "acquisition": {"ads": {"spend": 300.0, "joins": 40.0, "ceiling": 90.0}},
    "mechanisms": {"retention_programme": {"spend_per_customer": 1.0, "effect": 0.1, "ceiling": 0.5}},
    "arms": {"other": {"retention": {"points": 5.0}}},
}


def drawn(path, law):
    """Return the first replication of every arm where the number at a path is not known."""
    tree = retainsim.loads(tomli_w.dumps(TREE)).document.tree
    node = tree
    for key in path.split(".")[:-1]:
        node = node[key]
    node[path.split(".")[-1]] = law
    return prepare(retainsim.loads(tomli_w.dumps(tree))).play(0).arms


@pytest.mark.parametrize(
    "path",
    [
        "segments.small.price", "segments.small.annual_churn", "segments.small.share", "segments.small.gross_margin",
        "segments.small.frailty.variance", "segments.large.duration.power", "acquisition.ads.joins", "acquisition.ads.spend",
        "mechanisms.retention_programme.effect", "arms.other.retention.points", "firm.tax_rate",
        "churn.reasons.price",
    ],
)  # fmt: skip
def test_a_number_that_is_not_known_changes_something(path):
    low, high = {"arms.other.retention.points": (3.0, 9.0), "firm.tax_rate": (0.2, 0.3)}.get(path, (0.0, 0.0))
    if not high:
        node = TREE
        for key in path.split("."):
            node = node[key]
        low, high = 0.8 * node, 1.1 * node
    known, unknown = drawn(path, (low + high) / 2), drawn(path, {"uniform": [low, high]})
    assert differing(known["other"], unknown["other"])
    if not path.startswith("arms"):
        assert differing(known["baseline"], unknown["baseline"])


def test_the_same_is_drawn_in_every_arm():
    found = drawn("segments.small.price", {"uniform": [10.0, 90.0]})
    base, other = found["baseline"], found["other"]
    prices = [o.lines["revenue"][:, 1, :-1].sum() / o.lines["cost_to_serve"][:, 1, :-1].sum() for o in (base, other)]
    assert prices[0] == pytest.approx(prices[1])


def test_ignorance_leaves_luck_alone():
    """The price is not known, but who joins and leaves, and when, is what it would be at any price."""
    known, unknown = drawn("segments.small.price", 50.0), drawn("segments.small.price", {"uniform": [10.0, 90.0]})
    for arm in known:
        assert all(np.array_equal(a, b) for a, b in zip(known[arm].left, unknown[arm].left, strict=True))
