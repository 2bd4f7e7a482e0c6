"""Account: is a named client worth keeping, renegotiating with, or letting go, and what would change the answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any

import pandas as pd

from retainsim.errors import UsageError
from retainsim.scenario.hints import did_you_mean, listing
from retainsim.study.answer import Answer, report_of
from retainsim.study.clients import bridge, offers, sentences
from retainsim.study.clients.client import RELEASE, RENEGOTIATE, Client
from retainsim.study.clients.concentration import concentration
from retainsim.study.clients.flips import MOST_CHURN, Flips
from retainsim.study.clients.options import Options, played, variants_of
from retainsim.study.compare import Estimate, estimate
from retainsim.study.trials import Progress, Trials

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.study.store import Store

_LONGEST_NOTICE = 120.0
_MOST_OFFERED = 0.95


def account(
    scenario: Scenario,
    name: str | None = None,
    *,
    offer: float | None = None,
    release_at: float = 0.0,
    notice: float = 0.0,
    jobs: int | Executor | None = None,
    progress: Progress | None = None,
    store: Store | None = None,
) -> Answer:
    """Compare keeping, renegotiating and releasing a named client, or rank all of them.

    Parameters
    ----------
    scenario
        What `load` returned.
    name
        The client; default: every one, ranked.
    offer
        Discount (share of the price) to ask for at month 0; default: the one worth most.
    release_at, notice
        Month in which the client would be given notice, and months from then to its last day.
    jobs, progress, store
        As for `run`.

    Raises
    ------
    UsageError
        If there is no such client, or an offer or a month cannot be.
    ScenarioError
        If the observed churn cannot be reproduced.
    """
    trials = Trials(scenario, jobs=jobs, progress=progress, store=store)
    clients = [Client(trials, index, release_at, notice) for index in _chosen(scenario, name)]
    _check(scenario, clients, offer, (release_at, notice))
    trials.play(v for client in clients for v in _at_least(client, offer))
    asked = [offers.best(client) for client in clients]
    found = [_studied(each, best, offer, is_alone=len(clients) == 1) for each, best in zip(clients, asked, strict=True)]
    return _answer(trials, found)


# What is asked


def _chosen(scenario: Scenario, name: str | None) -> list[int]:
    """Return the places of the clients that are meant."""
    known = [each.name for each in scenario.parameters.accounts]
    if not known:
        raise UsageError(f"{scenario.file}: it has no named client; give it an [[accounts]] table")
    if name is None:
        return list(range(len(known)))
    found = [index for index, each in enumerate(known) if each == name]
    found = found or [index for index, each in enumerate(known) if each.lower() == name.lower()]
    if len(found) != 1:
        raise UsageError(f"there is no client {name!r}; the clients are {listing(known)}{did_you_mean(name, known)}")
    return found


def _check(scenario: Scenario, clients: list[Client], offer: float | None, release: tuple[float, float]) -> None:
    """Refuse what cannot be asked."""
    months = scenario.parameters.run.months
    if offer is not None and len(clients) > 1:
        names = listing([client.name for client in clients])
        raise UsageError(f"--offer {offer:g}: to which client? Name it: {names}")
    if offer is not None and not 0.0 <= offer <= _MOST_OFFERED:
        raise UsageError(f"--offer {offer:g}: a discount is a share of the price from 0 to {_MOST_OFFERED:g}")
    if not 0.0 <= release[0] < months:
        raise UsageError(f"--release-at {release[0]:g}: a month from 0 to before the horizon of {months}")
    if not 0.0 <= release[1] <= _LONGEST_NOTICE:
        raise UsageError(f"--notice {release[1]:g}: months from 0 to {_LONGEST_NOTICE:g}")


def _at_least(client: Client, offer: float | None) -> list[Any]:
    """Return what has to be played whatever comes of it, so that all of it is played at once."""
    first = offers.lowest(client) if offer is None else offer
    return [*variants_of(client, first).values(), client.accepted(offers.lowest(client)), *bridge.variants_of(client)]


# What is found


def _studied(client: Client, best: float, offer: float | None, *, is_alone: bool) -> dict[str, Any]:
    """Return all there is to say about one client."""
    options = played(client, best if offer is None else offer)
    parts, asked = bridge.parts(client), best if offer is None else offer
    flips = Flips(client, asked, options)
    if is_alone:
        client.trials.play(flips.variants())
    churn = flips.breakeven("annual_churn") if is_alone else None
    return {
        "name": client.name,
        "segment": client.account.segment,
        "discount": client.account.discount,
        "options": _options(client, options, asked),
        "advice": options.advice,
        "best_offer": _best(client, best),
        "profit": estimate(options.keep - options.release),
        "own_profit": estimate(-bridge.of_own(parts)),
        "breakeven_discount": _place(flips.breakeven("discount"), "at any discount that leaves it a price"),
        "breakeven_churn": _place(churn, f"at any yearly churn up to {MOST_CHURN:.0%}"),
        "breakeven_hazard_factor": _factors(client, churn),
        "bridge": bridge.table(parts).to_dict("records"),
        "flips": flips.rows() if is_alone else [],
        "concentration": concentration(client, asked),
    }


def _options(client: Client, options: Options, offer: float) -> dict[str, Any]:
    """Return the options with what is particular to each."""
    found: dict[str, Any] = options.report()
    worst = options.chances * options.accepted + (1.0 - options.chances) * options.release
    found[RENEGOTIATE] |= {
        "offer": offer,
        "acceptance": float(options.chances.mean()),
        "if_accepted": estimate(options.accepted - options.keep),
        "if_refused": estimate(options.refused - options.keep),
        "if_a_refusal_ended_it": estimate(worst - options.keep),
    }
    found[RELEASE] |= {"at_month": client.release_at, "notice_months": client.notice}
    return found


def _best(client: Client, offer: float) -> dict[str, Any]:
    options = played(client, offer)
    gain = estimate(options.renegotiate - options.keep)
    return {"offer": offer, "acceptance": float(options.chances.mean()), "npv_vs_keep": gain}


def _place(found: Estimate | None, where: str) -> dict[str, Any]:
    """Return a break-even value, or why there is none."""
    if found is None:
        return {"mean": None, "low": None, "high": None, "why": f"keeping and releasing never come to the same {where}"}
    return {**found, "why": "keeping it is worth exactly what releasing it is"}


def _factors(client: Client, churn: Estimate | None) -> dict[str, float | None]:
    """Return a yearly churn as what today's hazard is multiplied by."""
    today = -math.log1p(-client.today("annual_churn"))
    if churn is None or not today:
        return dict.fromkeys(("mean", "low", "high"))
    inside = {key: min(max(value or 0.0, 0.0), 1.0 - 1e-12) for key, value in churn.items()}
    return {key: -math.log1p(-value) / today for key, value in inside.items()}


# How it is told


def _answer(trials: Trials, found: list[dict[str, Any]]) -> Answer:
    scenario, ranked = trials.scenario, sorted(found, key=lambda each: -each["profit"]["mean"])
    firm = estimate(trials.values(trials.variant("baseline")))
    rest = float(firm["mean"] or 0.0) - sum(each["profit"]["mean"] for each in found)
    content = {"accounts": ranked, "firm": firm, "rest_of_firm": rest, "warnings": _warnings(scenario, ranked)}
    verdict = sentences.verdict(scenario, content)
    report = report_of("account", scenario, trials.replications, verdict, content)
    tables = {"clients": _clients(ranked, rest), "options": _long(ranked, "options"), "bridge": _long(ranked, "bridge")}
    charts = ("account",) if len(ranked) == 1 else ("whale",)
    return Answer("account", scenario, report, tables, charts)


def _clients(ranked: Sequence[dict[str, Any]], rest: float) -> pd.DataFrame:
    """Tabulate the clients by true profitability, one row each, after a row for the rest of the firm."""
    rows = [
        {
            "client": each["name"], "advice": each["advice"], "profit": each["profit"]["mean"],
            "low": each["profit"]["low"], "high": each["profit"]["high"], "own_profit": each["own_profit"]["mean"],
            "share_of_revenue": each["concentration"]["keep"]["share"], "best_offer": each["best_offer"]["offer"],
            "offer_gains": each["best_offer"]["npv_vs_keep"]["mean"],
        }
        for each in ranked
    ]  # fmt: skip
    table = pd.DataFrame([{"client": "", "advice": "", "profit": rest}, *rows])
    return table.assign(cumulative=table["profit"].cumsum())


def _long(ranked: Sequence[dict[str, Any]], key: str) -> pd.DataFrame:
    """Tabulate options or bridges of all clients, one row each."""
    rows = []
    for each in ranked:
        parts = each[key] if key == "bridge" else [_flat(name, option) for name, option in each[key].items()]
        rows += [{"client": each["name"], **part} for part in parts]
    return pd.DataFrame(rows)


def _flat(name: str, option: dict[str, Any]) -> dict[str, Any]:
    gain = {key: option["npv_vs_keep"][key] for key in ("mean", "low", "high")}
    kept = ("p_right", "p_mean_right", "expected_loss")
    return {"option": name, "npv": option["npv"]["mean"], **gain, **{key: option[key] for key in kept}}


def _warnings(scenario: Scenario, ranked: Sequence[dict[str, Any]]) -> list[str]:
    """Say what the answer rests on that nobody has measured."""
    assumed = [a.name for a in scenario.parameters.accounts if a.accepts is None and a.discount]
    names = {each["name"] for each in ranked}
    told = [name for name in assumed if name in names]
    if not told:
        return []
    return [f"nobody said how likely {listing(told)} would accept a smaller discount: the default is an assumption"]
