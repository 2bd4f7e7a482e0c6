"""Records: tidy frames of single customers and mechanisms: lives, events, who fed which leaving, what was observed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from retainsim.study.tables import Labels, Played
from retainsim.trace import Trace


def attribution(played: Played, labels: Labels) -> pd.DataFrame:
    """Tabulate one row per arm, replication, reason and mechanism: how many left for the reason, fed by the mechanism.

    The bases are the mechanism `reasons`; all rows of a replication add up to those who left.
    """
    rows = []
    for arm, replications in played.items():
        who = sorted({source for _, outcome in replications for source in outcome.fed})
        for index, outcome in replications:
            for source in who:
                fed = outcome.fed.get(source, np.zeros((1, len(labels.reasons)))).sum(axis=0)
                keys = {"arm": arm, "replication": index, "mechanism": source}
                rows += [keys | {"reason": r, "left": n} for r, n in zip(labels.reasons, fed.tolist(), strict=True)]
    frame = pd.DataFrame(rows, columns=["arm", "replication", "reason", "mechanism", "left"])
    some = frame.groupby(["reason", "mechanism"])["left"].transform(lambda left: (left != 0).any())
    return frame[some.astype(bool)].reset_index(drop=True)


def observations(played: Played) -> pd.DataFrame:
    """Tabulate what mechanisms saw of themselves: one row per arm, replication, month, mechanism and measure."""
    rows = [
        (arm, index, month, mechanism, measure, value)
        for arm, replications in played.items()
        for index, outcome in replications
        for mechanism, month, measure, value in outcome.observed
    ]
    return pd.DataFrame(rows, columns=["arm", "replication", "month", "mechanism", "measure", "value"])


def customers(played: Played, labels: Labels) -> pd.DataFrame:
    """Tabulate every customer of every replication: who, from where, when it came and went, and why.

    `customer` is the name in hexadecimal, the same in all arms; `left_month` is empty for those still there. `value` is
    what it brought within the run and `closing_value` what it is expected to bring beyond, both valued at month 0 and
    after tax (money); what is posted to no customer is in neither.
    """
    frames = []
    for arm, replications in played.items():
        for index, outcome in replications:
            names, joined, segments, origins, spells = outcome.present
            left, present, ahead = outcome.worths
            nobody = np.full(len(names), -1)
            here = (names, joined, np.full(len(names), np.nan), segments, origins, nobody, spells, present, ahead)
            gone = (*outcome.departed, left, np.zeros(len(left))) if outcome.departed else ()
            parts = [part for part in (gone, here) if part]
            lives = [np.concatenate(columns) for columns in zip(*parts, strict=True)]
            frames.append(_lives(arm, index, lives, labels))
    return pd.concat(frames, ignore_index=True)


def events(found: Mapping[str, Trace], replication: int) -> pd.DataFrame:
    """Tabulate everything that happened to every customer of a replication, in order of arm, month and customer.

    `what` happened and `why` (a channel, a reason, ...); or `what` is "money", with the ledger `line` and the `amount`
    (nominal, positive as in the ledger). Lines that run with time stand once, at the end of the life or of the run.
    What is posted to no customer is not in it.
    """
    frames = [_events(trace).assign(arm=arm, replication=replication) for arm, trace in found.items()]
    return pd.concat(frames, ignore_index=True)[
        ["arm", "replication", "customer", "month", "what", "why", "line", "amount"]
    ]


def _events(found: Trace) -> pd.DataFrame:
    nothing = np.zeros(0, np.uint64), np.zeros(0), "", np.zeros(0, object), "", np.zeros(0)
    names, times, whats, whys, lines, amounts = zip(*(found.parts or [nothing]), strict=True)
    counts = [len(each) for each in names]
    frame = pd.DataFrame(
        {
            "customer": np.concatenate(names),
            "month": np.concatenate(times),
            "what": pd.Categorical(np.repeat(np.array(whats, dtype=object), counts)),
            "why": pd.Categorical(np.concatenate(whys)),
            "line": pd.Categorical(np.repeat(np.array(lines, dtype=object), counts)),
            "amount": np.concatenate(amounts),
        }
    )
    first_to_last = {"opening": 0, "join": 0, "return": 0, "leave": 2}
    frame["order"] = frame["what"].map(first_to_last).astype(float).fillna(1.0)
    frame = frame.sort_values(["month", "customer", "order"], kind="stable", ignore_index=True)
    frame["customer"] = [f"{name:016x}" for name in frame["customer"]]
    return frame


def _lives(arm: str, index: int, lives: list[np.ndarray], labels: Labels) -> pd.DataFrame:
    names, joined, left, segments, origins, reasons, spells, value, ahead = lives
    columns = {
        "arm": arm,
        "replication": index,
        "customer": [f"{name:016x}" for name in names],
        "spell": spells,
        "segment": np.array(labels.segments)[segments],
        "channel": np.array(labels.origins)[origins],
        "joined_month": joined,
        "left_month": left,
        "reason": np.array([*labels.reasons, ""])[reasons],
        "value": value,
        "closing_value": ahead,
    }
    return pd.DataFrame(columns).sort_values(["joined_month", "customer", "spell"], ignore_index=True)
