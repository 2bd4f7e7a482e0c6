"""Accounttable: the options of a client and where their difference comes from, or all clients ranked, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from retainsim.cli import cell
from retainsim.cli.grid import WIDE, Scale, estimated, lay_out
from retainsim.cli.screen import plain
from retainsim.study.clients.client import KEEP, RELEASE, RENEGOTIATE
from retainsim.study.clients.sentences import does, share
from retainsim.wording import Money, percent

if TYPE_CHECKING:
    from rich.text import Text

    from retainsim.cli.screen import Screen
    from retainsim.study.answer import Answer


def show(answer: Answer, screen: Screen) -> None:
    """Print the tables of an answer about clients."""
    money, clients = Money.of(answer.scenario.parameters), answer.report["accounts"]
    if len(clients) > 1:
        _ranking(answer.report, money, screen)
        return
    _options(clients[0], answer.report["run"], money, screen)
    _bridge(clients[0], money, screen)
    _concentration(clients[0], screen)


def _options(client: dict[str, Any], run: dict[str, Any], money: Money, screen: Screen) -> None:
    from rich.text import Text

    options, width = client["options"], screen.out.width
    scale = Scale.of(money.unit * option["npv_vs_keep"]["mean"] for option in options.values())
    titles = [Text(_title(client, name), style="bold" if name == client["advice"] else "") for name in options]
    unit = f"{money.sign} {scale.suffix}".rstrip()
    headings = ["option", f"NPV vs keep\n{unit}", "\nP(right)", f"expected loss\n{unit}"]
    rows = [_cells(name, option, scale, money.unit, width) for name, option in options.items()]
    screen.show(*lay_out(headings, titles, rows, width))
    closing = "with closing value, " if run["closing_value"] == "expected" else "without closing value, "
    screen.say(
        f"NPV {closing}{run['tax']}. Ranges: 95 % intervals of the mean of {run['replications']} replications. "
        "P(right): share of futures in which no other option is better; expected loss: what it lacks of the best, on "
        "average.",
        "dim",
    )


def _title(client: dict[str, Any], name: str) -> str:
    """Name an option with what is particular to it."""
    option = client["options"][name]
    if name == RENEGOTIATE:
        return f"renegotiate: {share(option['offer'])} instead of {share(client['discount'])}"
    if name == RELEASE and (option["at_month"] or option["notice_months"]):
        return f"release: notice in month {option['at_month']:g}, {option['notice_months']:g} months"
    return name if name == KEEP else "release at once"


def _cells(name: str, option: dict[str, Any], scale: Scale, unit: float, width: int) -> list[Text]:
    from rich.text import Text

    gain = Text("-") if name == KEEP else estimated(option["npv_vs_keep"], scale, unit, width, sign="+")
    return [gain, Text(percent(option["p_right"], 0)), Text(scale(unit * option["expected_loss"]))]


def _bridge(client: dict[str, Any], money: Money, screen: Screen) -> None:
    """Print where the difference comes from that a release makes."""
    from rich.text import Text

    parts = [{**part, "part": part["part"]} for part in client["bridge"]]
    total = {**client["options"][RELEASE]["npv_vs_keep"], "part": "release less keep"}
    scale = Scale.of([money.unit * total["mean"], max((abs(money.unit * p["mean"]) for p in parts), default=0.0)])
    titles = [Text(each["part"], style="bold" if each is total else "") for each in (*parts, total)]
    rows = [[estimated(each, scale, money.unit, WIDE, sign="+")] for each in (*parts, total)]
    screen.say("")
    screen.say(f"Where the difference comes from if {plain(client['name'])} is released", "bold")
    heading = f"value at month 0\n{money.sign} {scale.suffix}".rstrip()
    screen.show(*lay_out(["part", heading], titles, rows, max(screen.out.width, WIDE - 30)))


def _concentration(client: dict[str, Any], screen: Screen) -> None:
    """Print how concentrated revenue is with the client and without it."""
    found = client["concentration"]
    names = {KEEP: "keep", RENEGOTIATE: "offer accepted", RELEASE: "released"}
    rows = [
        [
            words,
            percent(found[name]["share"]),
            percent(found[name]["largest"]),
            f"{found[name]['hhi']:.3f}",
            f"{found[name]['customers_alike']:,.0f}",
        ]
        for name, words in names.items()
    ]
    screen.say("")
    screen.say("How much revenue hangs on single customers", "bold")
    screen.show(cell.table(["", "the client", "the largest", "HHI", "as if customers"], rows))


def _ranking(report: dict[str, Any], money: Money, screen: Screen) -> None:
    from rich.text import Text

    clients, width = report["accounts"], screen.out.width
    scale = Scale.of(money.unit * each["profit"]["mean"] for each in clients)
    unit = f"{money.sign} {scale.suffix}".rstrip()
    headings = ["client", f"worth\n{unit}", "share of\nrevenue", f"best offer\ngains {unit}", "\nadvice"]
    titles = [Text(plain(each["name"])) for each in clients]
    rows = [
        [
            estimated(each["profit"], scale, money.unit, width),
            Text(percent(each["concentration"]["keep"]["share"])),
            Text(scale(money.unit * each["best_offer"]["npv_vs_keep"]["mean"], "+")),
            Text(does(each).replace(", asking for", ":")),
        ]
        for each in clients
    ]
    screen.show(*lay_out(headings, titles, rows, width))
    screen.say(
        "Worth: NPV lost if the client were released, its effects on all others counted. Ranges: 95 % intervals of the "
        f"mean of {report['run']['replications']} replications. Ask about one client by its NAME to see why, and what "
        "would change the advice.",
        "dim",
    )
