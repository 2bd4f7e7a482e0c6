"""Overview: a scenario at a glance, as a notebook shows it: who is there, who joins, what is on, what is compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from retainsim import markup
from retainsim.wording import Money, count, figure, percent, span

if TYPE_CHECKING:
    from retainsim.scenario import Scenario
    from retainsim.scenario.schema import Channel, Parameters

_MOST_CLIENTS = 8


def html(scenario: Scenario) -> str:
    """Return the scenario as a fragment of HTML; a distribution stands with its mean and is named below."""
    rows = [row for part in (_pool, _segments, _clients, _channels, _mechanisms) for row in part(scenario.parameters)]
    rows += [*_arms(scenario), *_unknown(scenario), *_run(scenario.parameters)]
    return markup.fragment(markup.heading(scenario.title), markup.pairs(rows), markup.beware(scenario.warnings))


def _pool(today: Parameters) -> Iterator[tuple[str, str]]:
    yield "Pool", f"{count(today.pool.customers)} customers at month 0"


def _segments(today: Parameters) -> Iterator[tuple[str, str]]:
    """Say what a customer of each segment pays, costs, and how many leave."""
    money, whole = Money.of(today), sum(segment.share for segment in today.segments.values())
    for name, segment in today.segments.items():
        share = f"{_share(segment.share / whole)} of the pool; " if whole else ""
        leave = "" if segment.annual_churn is None else f"; {_share(segment.annual_churn)} leave within a year"
        serve = f", {_amount(segment.cost_to_serve, money)} a month to serve" if segment.cost_to_serve else ""
        said = f"{share}{_pays(today, name, money)}, gross margin {_share(segment.gross_margin)}{serve}{leave}"
        yield f"Segment {name}", said[:1].upper() + said[1:]


def _pays(today: Parameters, name: str, money: Money) -> str:
    segment, plan = today.segments[name], today.plan(name)
    less = f" less {_share(segment.discount)}" if segment.discount else ""
    if segment.purchases is not None:
        bought = f"{figure(segment.purchases.per_month)} purchases a month"
        return f"{bought} of {_amount(segment.purchases.spend.mean, money)} on average{less}"
    bound = f", bound for {span(round(plan.term_months))}" if plan.term_months else ""
    return f"pays {_amount((plan.price or 0.0) * segment.volume, money)} a month{less}{bound}"


def _clients(today: Parameters) -> Iterator[tuple[str, str]]:
    money = Money.of(today)
    for client in today.accounts[:_MOST_CLIENTS]:
        listed = (today.plan(client.name).price or 0.0) * client.volume
        less = f" less {_share(client.discount)}" if client.discount else ""
        yield f"Client {client.name}", f"pays {_amount(listed, money)} a month at list price{less}"
    if len(today.accounts) > _MOST_CLIENTS:
        yield "Clients", f"and {len(today.accounts) - _MOST_CLIENTS} more"


def _channels(today: Parameters) -> Iterator[tuple[str, str]]:
    """Say how many join through each channel, and what that costs."""
    for name, channel in today.acquisition.items():
        yield f"Channel {name}", f"{_plain(channel.joins)} joins a month{_cost(channel, Money.of(today))}"
    if not today.acquisition:
        yield "Channels", "none: nobody is won by the firm"


def _cost(channel: Channel, money: Money) -> str:
    if channel.spend is None:
        return f", at {_amount(channel.cost_per_join, money)} each" if channel.cost_per_join else ", at no cost"
    most = f", at most {_plain(channel.ceiling)} however much is spent" if channel.ceiling is not None else ""
    return f" for {_amount(channel.spend, money)} a month{most}"


def _mechanisms(today: Parameters) -> Iterator[tuple[str, str]]:
    yield "Mechanisms", ", ".join(name.replace("_", " ") for name in today.on) or "none is on"


def _arms(scenario: Scenario) -> Iterator[tuple[str, str]]:
    for name in scenario.parameters.arms:
        yield f"Arm {name}", scenario.arms[name].title or name
    if not scenario.parameters.arms:
        yield "Arms", "none: there is nothing to compare"


def _unknown(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Name what is drawn from a distribution."""
    if scenario.distributions:
        yield "Not known", "\n".join(f"{path}: {law}" for path, law in scenario.distributions.items())


def _run(today: Parameters) -> Iterator[tuple[str, str]]:
    run = today.run
    tax = "after tax" if today.firm.tax_rate else "before tax"
    closing = "with closing value" if run.closing_value == "expected" else "without closing value"
    often = f"{run.replications:,} replications" if run.precision is None else f"to {percent(run.precision)} precision"
    rate = f"NPV at {100 * run.discount_rate:.4g} % a year {closing}, {tax}"
    yield "Run", f"{span(run.months)}; {rate}; {often}, seed {run.seed}"


def _amount(value: float, money: Money) -> str:
    return money.exact(value).removesuffix(".00")


def _share(value: float) -> str:
    return percent(value).replace(".0 %", " %")


def _plain(value: float) -> str:
    return count(value) if float(value).is_integer() else figure(value, 3)
