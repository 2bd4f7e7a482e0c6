"""Story: the life of one customer, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from retainsim.draws import key, name
from retainsim.errors import UsageError
from retainsim.ledger import SIGNS
from retainsim.mechanisms.accounts import RELEASED
from retainsim.study.compare import BASELINE
from retainsim.study.task import prepare
from retainsim.units import add_months
from retainsim.wording import Money

if TYPE_CHECKING:
    from retainsim.scenario import Scenario

SENTENCES = {
    "opening": "a customer already, in the segment {why}",
    "join": "joined through {why}",
    "return": "came back",
    "move": "moved to the segment {why}",
    "purchase": "bought",
    "contact": "called and was answered after {why}",
    "wait": "called and waited {why}, longer than is tolerable",
    "hang_up": "called and hung up after {why}",
    "failure": "met a failure",
    "complaint": "complained",
    "recovery": "was made good {why}",
    "unresolved": "was not made good",
    "follow_up": "was called to see how things are",
    "visit": "was visited by its account manager",
    "orphaned": "lost its account manager",
    "campaign": "was courted by a rival",
    "counter_offer": "was offered a discount against a rival",
    "survey": "answered a survey",
    "referral": "brought another customer",
    "warning": "warned others off",
    "discount": "asked for a discount and got it",
    "concession": "heard of a client's discount and got part of it",
    "payment_failure": "missed a payment {why}",
    "breach": "had its data leaked",
    "renegotiation": "was asked to accept a smaller discount: {why}",
    "leave": "left for {why}",
}
"""What is said of each touch; one that is not here is told by its name."""


LEAVING = {RELEASED: "was released", "follows_manager": "followed its account manager to another firm"}
"""What is said of leaving for some reasons."""
ROUTINE = ("purchase", "visit")
"""Touches told once for a stretch of them, whatever else they say."""
CALLS = ("contact", "wait", "hang_up")
"""How a call may end: a stretch of calls is told at once."""


def story(scenario: Scenario, customer: str | None = None, *, arm: str = BASELINE, replication: int = 0) -> list[str]:
    """Tell the life of a customer in one arm of one replication.

    Parameters
    ----------
    scenario
        What `load` returned.
    customer
        Its identity, as in the tables `customers` and `events` (16 hexadecimal digits, or as many of the first as
        are enough), or the name of a named client; default: one of those who live through most.
    arm, replication
        Which of its lives: it has the same luck in every arm.

    Raises
    ------
    UsageError
        If there is no such arm, or no such customer in it.
    """
    if arm not in scenario.arms:
        raise UsageError(f"there is no arm {arm!r}; the arms are {', '.join(scenario.arms)}")
    events = prepare(scenario).trace(replication, arms=[arm])
    who = _find(scenario, events, customer)
    mine = events[events["customer"] == who]
    client = next((a.name for a in scenario.parameters.accounts if _identity(a.name) == who), None)
    head = f"{client or f'Customer {who}'}, {scenario.arms[arm].title}, replication {replication}:"
    return [head, *_told(scenario, mine), _worth(scenario, mine)]


def _identity(client: str) -> str:
    return f"{int(name(key('account', client))[0]):016x}"


def _find(scenario: Scenario, events: pd.DataFrame, customer: str | None) -> str:
    if customer is None:
        touches = events[events["what"] != "money"]
        if touches.empty:
            raise UsageError("there is no customer in this arm and replication; try another --replication")
        kinds = touches.groupby("customer")["what"].nunique()
        most = kinds[kinds == kinds.max()].index
        return str(min(most))
    if any(a.name == customer for a in scenario.parameters.accounts):
        return _identity(customer)
    known = events["customer"].unique()
    found = [each for each in known if each.startswith(customer.lower())]
    if len(found) != 1:
        what = "several customers begin" if found else "no customer begins"
        few = ", ".join(sorted(found or known)[:3])
        raise UsageError(f"{what} with {customer!r} in this arm and replication; give an identity such as {few}")
    return str(found[0])


def _told(scenario: Scenario, mine: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each thing that happened; the same again and again is told once."""
    touches = _once(mine[mine["what"] != "money"])
    what = touches["what"].astype(str)
    same = what.where(what.isin(ROUTINE), what + touches["why"].astype(str)).mask(what.isin(CALLS), "call").to_numpy()
    runs = (pd.Series(same) != pd.Series(same).shift()).cumsum().to_numpy()
    for _, part in touches.groupby(runs, sort=False):
        when, until = (_when(scenario, part["month"].iloc[end]) for end in (0, -1))
        since = when if until == when else f"{when} to {until.removeprefix('Month ')}"
        are_calls = len(part) > 1 and str(part["what"].iloc[0]) in CALLS
        yield f"{since}: {_calls(part) if are_calls else _said(scenario, part)}."


def _said(scenario: Scenario, part: pd.DataFrame) -> str:
    """Say what happened, once or several times in the same way."""
    first, is_same = part.iloc[0], part["why"].nunique() == 1
    what, why = str(first["what"]), str(first["why"])
    said = SENTENCES.get(what, what.replace("_", " "))
    said = LEAVING.get(why, said) if what == "leave" else said
    client = scenario.parameters.account(why) if what == "opening" else None
    if client is not None:
        said, why = "a named client already, in the segment {why}", client.segment
    text = said.format(why=why.replace("_", " ") if is_same else "some minutes").strip()
    text = text.replace("after 0 minutes", "at once")
    return text if len(part) == 1 else f"{text}, {_times(len(part))}"


def _calls(part: pd.DataFrame) -> str:
    """Say of a stretch of calls how many there were, and how many did not go well."""
    lost, late = (part[part["what"] == what] for what in ("hang_up", "wait"))
    told = [f"hung up {_times(len(lost))}"] if len(lost) else []
    if len(late):
        longest = max(int(str(why).split()[0]) for why in late["why"])
        told.append(f"waited longer than is tolerable {_times(len(late))}, {longest} minutes at most")
    return f"called {_times(len(part))}, {' and '.join(told) or 'always answered in time'}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _once(touches: pd.DataFrame) -> pd.DataFrame:
    """Tell a call once: that somebody waited or hung up says that it called."""
    waits, hung_up = (set(touches.loc[touches["what"] == what, "month"]) for what in ("wait", "hang_up"))
    called = (touches["what"] == "contact") & touches["month"].isin(waits)
    waited = (touches["what"] == "wait") & touches["month"].isin(hung_up)
    return touches[~called & ~waited]


def _when(scenario: Scenario, month: float) -> str:
    start = scenario.parameters.run.start
    if start is not None and month >= 0:
        return f"{add_months(start, int(month)):%B %Y}"
    return f"Month {month:.1f}".replace("-", "−")


def _worth(scenario: Scenario, mine: pd.DataFrame) -> str:
    money, paid = Money.of(scenario.parameters), mine[mine["what"] == "money"]
    sums = paid.groupby("line", observed=True)["amount"].sum()
    totals = {str(line): float(amount) for line, amount in sums.items()}
    signs = {line: SIGNS["revenue"] if line == "revenue" else -1.0 for line in totals}
    worth = sum(signs[line] * total for line, total in totals.items())
    ordered = sorted(totals.items(), key=lambda each: (each[0] != "revenue", each[0]))
    parts = ", ".join(f"{line.replace('_', ' ')} {money.exact(total)}" for line, total in ordered)
    return f"Worth {money.exact(worth)} to the firm in this run, undiscounted ({parts or 'nothing was paid'})."
