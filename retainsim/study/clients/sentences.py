"""Sentences: the answer about named clients, in words a director can read aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.study.clients.client import KEEP, RELEASE, RENEGOTIATE
from retainsim.wording import Money, percent, small

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retainsim.scenario import Scenario

Found = dict[str, Any]
_VERBS = {KEEP: "keep it", RENEGOTIATE: "renegotiate", RELEASE: "release it"}
NAMES = {
    "discount": "its discount",
    "cost_to_serve": "its cost to serve",
    "annual_churn": "its yearly churn",
    "acceptance": "the chance that it accepts",
}
"""Inputs as they are called in a sentence."""
_SAME = 1e-9
"""Share of an amount by which rounding may move it."""


def verdict(scenario: Scenario, content: Mapping[str, Any]) -> list[str]:
    """Say what to do with a client and what would change that, or how all of them rank."""
    money, clients = Money.of(scenario.parameters), content["accounts"]
    if len(clients) > 1:
        return _ranking(clients, money)
    client = clients[0]
    return [_advice(client, money), _release(client, money), _offer(client, money), *_changes(client, money)]


def _release(client: Found, money: Money) -> str:
    """Say whether keeping it beats releasing it."""
    gain, name = client["profit"], client["name"]
    if gain["mean"] == 0.0 and not gain["low"]:
        return f"Release {name}? It makes no difference."
    is_kept = gain["mean"] > 0
    low, high = (gain["low"], gain["high"]) if is_kept else (-gain["high"], -gain["low"])
    better = "keeping it" if is_kept else "releasing it"
    word = "Not clear" if low <= 0.0 else "No" if is_kept else "Yes"
    return f"Release {name}? {word}: {better} is worth {money.mean(gain)} more ({interval(low, high, money)})."


def _offer(client: Found, money: Money) -> str:
    """Say which smaller discount to ask for, and what asking is worth."""
    today, best, asked = client["discount"], client["best_offer"], client["options"][RENEGOTIATE]
    if not today:
        return "It has no discount to renegotiate."
    if best["offer"] >= today:
        said = f"Best offer: none; asking for less than its {share(today)} does not pay"
    else:
        said = f"Best offer: {share(best['offer'])} instead of {share(today)}: {_gain(best, money)}"
        said += f", accepted with a chance of {percent(best['acceptance'], 0)}"
    if asked["offer"] == best["offer"]:
        return f"{said}."
    return f"{said}; asking for {share(asked['offer'])}: {_gain(asked, money)}."


def _gain(option: Found, money: Money) -> str:
    gain = option["npv_vs_keep"]
    minus = "-" * (gain["mean"] < 0)
    ends = interval(gain["low"], gain["high"], money)
    return f"{minus}{money.mean(gain)} more than keeping, in expectation ({ends})"


def _advice(client: Found, money: Money) -> str:
    """Say what to do, and how sure that is."""
    option = client["options"][client["advice"]]
    sure = option["p_mean_right"]
    said = f"Advice on {client['name']}: {does(client)}. It is right in {percent(option['p_right'], 0)} of futures"
    said += " (replications"
    said += ", times its answer)" if client["options"][RENEGOTIATE]["offer"] < client["discount"] else ")"
    mean = "" if sure is None else f"; confidence that its mean is the highest: {sureness(sure)}"
    return f"{said}{mean}; expected loss if wrong: {money.say(option['expected_loss'])}."


def does(client: Found) -> str:
    """Say the advice about a client: renegotiate, asking for 31 %."""
    asked = f", asking for {share(client['options'][RENEGOTIATE]['offer'])}" if client["advice"] == RENEGOTIATE else ""
    return f"{_VERBS[client['advice']]}{asked}"


def sureness(confidence: float) -> str:
    """Write a confidence."""
    return "above 99.9 %" if confidence > 0.999 else percent(confidence)


def _changes(client: Found, money: Money) -> list[str]:
    """Say at which discount it is worth nothing to keep it, and where the advice flips."""
    found, sentences = client["breakeven_discount"], []
    if found["mean"] is not None:
        worth = f"{place('discount', found, money)}, against {share(client['discount'])} today"
        sentences = [f"Keeping it is worth exactly what releasing it is at a discount of {worth}."]
    flips = [row for row in client["flips"] if row["at"] is not None]
    turning = {row["key"] for row in flips}
    firm = [NAMES[key] for key in dict.fromkeys(row["key"] for row in client["flips"]) if key not in turning]
    said = "; ".join(flip(row, money) for row in flips)
    if said:
        sentences.append(f"The advice flips {said}.")
    if firm:
        sentences.append(f"It does not flip by {_any(firm)} alone, wherever it lies.")
    return sentences


def flip(row: Found, money: Money) -> str:
    """Say where the advice flips: to release if its discount is above 43 % (95 %: 42 % to 44 %)."""
    name = NAMES[row["key"]]
    return f"to “{row['to']}” if {name} is {row['side']} {place(row['key'], row['at'], money)}"


def place(key: str, found: Mapping[str, float | None], money: Money) -> str:
    """Write a value of an input with its interval."""
    mean, low, high = (amount(key, found[end], money) for end in ("mean", "low", "high"))
    is_exact = (found["high"] or 0.0) - (found["low"] or 0.0) <= _SAME * abs(found["mean"] or 0.0)
    return f"{mean} (exact)" if is_exact else f"{mean} (95 %: {low} to {high})"


def amount(key: str, value: float | None, money: Money) -> str:
    """Write a value of an input."""
    if value is None:
        return "unknown"
    if key == "cost_to_serve":
        return f"{money.say(value, 3)} a month"
    return share(min(max(value, 0.0), 1.0))


def share(value: float) -> str:
    """Write a share of the price: 40 %, 31.5 %."""
    return f"{100 * value:.1f}".removesuffix(".0") + " %"


def _any(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


# Several clients


def _ranking(clients: Sequence[Found], money: Money) -> list[str]:
    """Say who brings most, who costs, and what to do with whom."""
    best, worst = clients[0], clients[-1]
    total = sum(each["profit"]["mean"] for each in clients)
    losing = [each for each in clients if each["profit"]["mean"] < 0]
    said = f"Of {small(len(clients))} named clients the most profitable is {best['name']}: {worth(best, money)}."
    worst_said = f"The least is {worst['name']}: {worth(worst, money)}."
    together = f"Together they are worth {money.say(total)}"
    cost = -sum(each["profit"]["mean"] for each in losing)
    if losing:
        together += (
            f"; {small(len(losing))} of them cost{'s' * (len(losing) == 1)} {money.say(cost)} more than they bring"
        )
    return [said, worst_said, f"{together}.", *_orders(clients)]


def worth(client: Found, money: Money) -> str:
    """Write what a client is worth to the firm, with its interval."""
    profit = client["profit"]
    minus = "-" * (profit["mean"] < 0)
    return f"{minus}{money.mean(profit)} ({interval(profit['low'], profit['high'], money)})"


def interval(low: float, high: float, money: Money) -> str:
    """Write a 95 % interval of an amount, or that it is the same whatever luck does."""
    if high - low <= _SAME * max(abs(low), abs(high)):
        return "exact: luck does not move it"
    return f"95 %: {money.interval(low, high)}"


def _orders(clients: Sequence[Found]) -> list[str]:
    """Say what to do with each, those treated alike together."""
    found = []
    for option, verb in ((RELEASE, "Release"), (RENEGOTIATE, "Renegotiate with"), (KEEP, "Keep")):
        names = [_named(each) for each in clients if each["advice"] == option]
        if names:
            found.append(f"{verb} {', '.join(names)}.")
    return found


def _named(client: Found) -> str:
    offer = client["options"][RENEGOTIATE]["offer"]
    return f"{client['name']} (ask for {share(offer)})" if client["advice"] == RENEGOTIATE else str(client["name"])
