"""Bridge: where the difference comes from that releasing a client makes, part by part.

What the client itself pays and costs is read off its own ledger lines. What it does to others is found by switching
such effects off one after another and looking at what becomes of the rest of the firm: first those that leave the life
of the client as it is, then those through which it might stay longer or shorter, when nothing else follows from that
any more. What is left is due to other mechanisms. The parts add up to the paired difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from retainsim.study.compare import estimate
from retainsim.study.trials import VALUE
from retainsim.units import monthly_rate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retainsim.draws import Floats
    from retainsim.study.clients.client import Client
    from retainsim.study.stage import Variant

OWN, SPILL_OVER, REST = "own", "spill-over", "rest"
_FIXED, _CLOSING, _TAX = "account_fixed_costs", "closing_value", "tax"
_TOLD = ("revenue", "cost_of_sales", "cost_to_serve", "promotions", _CLOSING)


@dataclass(frozen=True)
class Switch:
    """An effect on others: the setting that switches it off, the value that does, and what it is called."""

    key: str
    off: float
    part: str
    mechanism: str = ""

    def is_on(self, client: Client) -> bool:
        """Tell whether a client has the effect in its scenario."""
        today = client.trials.scenario.parameters
        if self.mechanism:
            return self.mechanism in today.on and getattr(client.account, self.key) != self.off
        return bool(getattr(client.account, self.key)) or not client.is_known(self.key)


SWITCHES = (
    Switch("known_by", 0.0, "leakage of its discount"),
    Switch("reference", 0.0, "reference in acquisition"),
    Switch("visited", False, "capacity freed at managers", "account_managers"),
    Switch("contacts", 0.0, "capacity freed at the desk", "service_desk"),
)
"""In the order in which they are switched off."""


def variants_of(client: Client) -> list[Variant]:
    """Return what has to be played for the bridge."""
    return [v for values in _states(client) for v in (client.keep(values), client.release(values))]


def parts(client: Client) -> dict[tuple[str, str], Floats]:
    """Return what releasing a client adds to the NPV by kind and part, each of shape (replications,), in order."""
    client.trials.play(variants_of(client))
    found = {(OWN, part): values for part, values in _own(client).items()}
    others = [_others(client, values) for values in _states(client)]
    for switch, before, after in zip(_on(client), others[:-1], others[1:], strict=True):
        found[SPILL_OVER, switch.part] = before - after
    return found | {(REST, "other mechanisms"): others[-1]}


def table(found: Mapping[tuple[str, str], Floats]) -> pd.DataFrame:
    """Tabulate the parts, one row each: kind, part, mean, low, high; parts of nothing are left out."""
    scale = max((float(np.abs(values).max()) for values in found.values()), default=0.0)
    rows = [
        {"kind": kind, "part": part, **_interval(values)}
        for (kind, part), values in found.items()
        if np.abs(values).max() > 1e-12 * scale
    ]
    return pd.DataFrame(rows, columns=["kind", "part", "mean", "low", "high"])


def of_own(found: Mapping[tuple[str, str], Floats]) -> Floats:
    """Return what releasing the client adds by what it pays and costs itself, shape (replications,)."""
    return np.sum([values for (kind, _), values in found.items() if kind == OWN], axis=0)


def _on(client: Client) -> list[Switch]:
    return [switch for switch in SWITCHES if switch.is_on(client)]


def _states(client: Client) -> list[dict[str, float]]:
    """Return the settings of the client with nothing switched off, then with one effect more each."""
    off = [(switch.key, switch.off) for switch in _on(client)]
    return [dict(off[:count]) for count in range(len(off) + 1)]


def _interval(values: Floats) -> dict[str, Any]:
    found = estimate(values)
    return {key: found[key] for key in ("mean", "low", "high")}


def _own(client: Client) -> dict[str, Floats]:
    """Return the parts of what the client itself pays and costs."""
    lines = _lines(client, {})
    revenue, (given, rebate, late) = lines["revenue"], _terms(client)
    at_list = revenue / (late * (1.0 - given - rebate))
    rest = [values for line, values in lines.items() if line not in _TOLD]
    return {
        "margin at list price": at_list + lines["cost_of_sales"],
        "discount": -given * at_list,
        "rebate": -rebate * at_list,
        "days to pay": revenue - revenue / late,
        "promotions": lines["promotions"],
        "cost to serve": lines["cost_to_serve"],
        "other costs of its own": np.sum(rest, axis=0) if rest else np.zeros(len(revenue)),
        **_fixed(client, {}),
        "beyond the horizon": lines[_CLOSING],
        "tax": _change(client, {}, f"{VALUE}{_TAX}"),
    }


def _lines(client: Client, values: Mapping[str, float]) -> dict[str, Floats]:
    """Return what releasing the client changes in its own ledger lines; closing value only where NPV counts it."""
    ending = f"/{client.name}"
    names = [name for name in map(str, client.trials.table(client.keep(values))) if name.endswith(ending)]
    lines = [name.removeprefix(VALUE).removesuffix(ending) for name in names]
    found = {line: _change(client, values, name) for line, name in zip(lines, names, strict=True) if line != _FIXED}
    if client.trials.scenario.parameters.run.closing_value != "expected":
        found[_CLOSING] = np.zeros_like(found[_CLOSING])
    return found


def _fixed(client: Client, values: Mapping[str, float]) -> dict[str, Floats]:
    """Return the fixed cost it carries, and what of it is left behind: nothing is told where all of it is."""
    saved = _change(client, values, f"{VALUE}{_FIXED}")
    shares = np.array([drawn.accounts[client.index].avoidable_share for drawn in client.terms])
    if not shares.all():
        return {"fixed cost that ends with it": saved}
    return {"fixed cost it carries": saved / shares, "fixed cost left stranded": saved - saved / shares}


def _others(client: Client, values: Mapping[str, float]) -> Floats:
    """Return what releasing the client changes in the NPV beside its own lines, fixed cost and tax."""
    own = [*_lines(client, values).values(), *_fixed(client, values).values()]
    return _change(client, values, "npv") - np.sum([*own, _change(client, values, f"{VALUE}{_TAX}")], axis=0)


def _change(client: Client, values: Mapping[str, float], measure: str) -> Floats:
    return client.value(client.release(values), measure) - client.value(client.keep(values), measure)


def _terms(client: Client) -> tuple[Floats, Floats, Floats]:
    """Return discount, rebate, and what a unit of revenue is worth when it is paid; each of shape (replications,)."""
    accounts = [drawn.accounts[client.index] for drawn in client.terms]
    rates = np.array([monthly_rate(drawn.run.discount_rate) for drawn in client.terms])
    lags = np.array([account.days_to_pay * 12.0 / 365.25 for account in accounts])
    given, rebate = (np.array([getattr(account, key) for account in accounts]) for key in ("discount", "rebate"))
    return given, rebate, np.exp(-rates * lags)
