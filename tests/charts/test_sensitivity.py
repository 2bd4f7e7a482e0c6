"""Tornado and uncertainty, drawn of answers that are hard to draw: nothing overlaps, nothing is clipped."""

import re

import pytest
from visible_text import leaving, overlapping, texts

import retainsim
from retainsim.study.answer import Answer, report_of

TOML = """
title = '''{title}'''
currency = {currency}
[pool]
customers = 10
[segments.small]
price = 20.0
annual_churn = 0.25
[arms.keep]
title = '''{arm}'''
retention = {{ points = 5 }}
"""
LONG = "Keep <b>everybody</b> for $x^2$ months more, at {any} price \\frac{1}{2} & 100 % of _them_, whatever"
WORD = "a_long_name_of_a_mechanism_nobody_would_expect and what it costs per customer-month, "


def scenario(title="Which?", currency='"EUR"', arm="Five points more"):
    return retainsim.loads(TOML.format(title=title, currency=currency, arm=arm))


def around(mean, half):
    return {"mean": mean, "low": mean - half, "high": mean + half, "p05": mean - half, "p95": mean + half}


def bar(place, ends, *, title=None, unit="share a year", values=(0.176, 0.264), flips=None, half=0.1):
    today, (low, high) = sum(values) / 2, values
    at = None if flips is None else {"mean": flips, "low": 0.9 * flips, "high": 1.1 * flips}
    return {
        "key": f"key{place}", "title": title or f"annual churn, segment {place}", "unit": unit, "today": today, "low": low,
        "high": high, "difference_low": around(ends[0], half), "difference_high": around(ends[1], half), "flips_at": at,
        "is_plausible": at is not None and low <= flips <= high, "why": "", "searched": [0.0, 1.0],
        "swing": abs(ends[1] - ends[0]),
    }  # fmt: skip


def tornado(rows, *, today=1.0, free=False, dropped=(), **own):
    content = {
        "arm": "keep", "against": "baseline", "difference": around(today, 0.1 * abs(today)), "is_free_gain": free,
        "advice": "keep" if today > 0 else "baseline", "inputs": rows,
        "screening": {"looked_at": len(rows) + len(dropped), "dropped": list(dropped), "replications": 3},
    }  # fmt: skip
    one = scenario(**own)
    return Answer("tornado", one, report_of("tornado", one, 30, ["x"], content), {}, ("tornado",))


MONEY = "money per customer-month"
TORNADOES = {
    "twelve": tornado([
        bar(i, (1e6 - 8e4 * (12 - i), 1e6 + 7e4 * (12 - i)), flips=[0.19, None, 0.01][i % 3], half=2e4) for i in range(12)
    ], today=1e6, dropped=range(30)),
    "long": tornado([
        bar(i, (-3e9 * (12 - i), 2e9 * (12 - i)), title=f"{WORD}{i}"[-90:], unit=MONEY, values=(123_456.5, 987_654.25),
            flips=[654_321.0, None][i % 2], half=1e9) for i in range(14)
    ], today=-4e9, title=LONG, arm=LONG, currency='{ code = "USD", symbol = "$", unit = "million" }'),
    "one": tornado([bar(0, (0.2, 1.7), unit="", values=(4.0, 6.0), flips=4.5)], today=0.9),
    "free": tornado([bar(i, (1.0, 3.0 + i)) for i in range(5)], today=2.0, free=True),
    "one_sided": tornado([bar(0, (2.0, 2.5)), bar(1, (3.0, 2.1)), bar(2, (2.0, 2.0), half=0.0)], today=2.0),
    "tiny": tornado([bar(0, (-1e-4, 2e-4), half=1e-5, flips=0.2), bar(1, (3e-5, 5e-5), half=1e-6)], today=4e-5),
    "no_difference": tornado([bar(0, (0.0, 0.0), half=0.0)], today=0.0),
}  # fmt: skip


def index(place, first, total, evpi, title=None):
    return {
        "key": f"key{place}", "title": title or f"annual churn, segment {place}", "unit": "share a year", "today": 0.2,
        "low": 0.1, "high": 0.3, "first": around(first, 0.1), "total": around(total, 0.2), "evpi": around(evpi, 0.4 * evpi),
    }  # fmt: skip


def uncertainty(rows, *, luck=0.2, right=0.8, evpi=1e5, **own):
    content = {
        "arm": "keep", "against": "baseline", "advice": "keep", "difference": around(1e6, 1e5), "indices": rows,
        "variance": {"luck": around(1.0, 0.1), "ignorance": around(4.0, 0.1),
                     "share_of_luck": {"mean": luck, "low": max(luck - 0.1, 0.0), "high": min(luck + 0.1, 1.0)}},
        "p_right": around(right, 0.0), "evpi": around(evpi, 0.1 * evpi),
        "budget": {"draws": 64, "points": 384, "luck": 128},
    }  # fmt: skip
    one = scenario(**own)
    return Answer("uncertainty", one, report_of("uncertainty", one, 128, ["x"], content), {}, ("uncertainty",))


NONE = dict.fromkeys(("mean", "low", "high"))
UNCERTAINTIES = {
    "three": uncertainty([index(0, 0.7, 0.75, 9e4), index(1, 0.2, 0.25, 1e4), index(2, -0.02, 0.03, 0.0)]),
    "many": uncertainty([index(i, 0.07, 0.1, 1e9 / (i + 1), f"{WORD}{i}"[-90:]) for i in range(14)], title=LONG, arm=LONG),
    "one": uncertainty([index(0, 1.05, 1.1, 0.0)], luck=0.0, right=1.0, evpi=0.0),
    "all_luck": uncertainty([index(0, 0.4, 1.0, 0.0), index(1, 0.4, 1.0, 0.0)], luck=1.0, right=0.501, evpi=4.0),
    "not_seen": uncertainty([{**index(0, 0.4, 1.0, 0.0), "first": NONE, "total": NONE}], luck=0.99, right=1.0, evpi=0.0),
}  # fmt: skip
ANSWERS = {f"tornado-{name}": a for name, a in TORNADOES.items()} | {
    f"uncertainty-{name}": a for name, a in UNCERTAINTIES.items()
}


@pytest.fixture(scope="module", params=ANSWERS)
def drawn(request):
    figure = ANSWERS[request.param].plot().figure
    figure.canvas.draw()
    return figure


def test_no_text_overlaps_another(drawn):
    assert overlapping(drawn) == []


def test_no_text_leaves_the_slide(drawn):
    assert leaving(drawn) == []


def test_all_text_can_be_read_from_the_back_of_the_room(drawn):
    assert min(text.get_size() for text in texts(drawn)) >= 12


def test_no_text_is_read_as_mathematics(drawn):
    assert not [text.get_text() for text in texts(drawn) if text.get_parse_math() or text.get_usetex()]


def test_the_title_is_bold_and_states_a_number(drawn):
    title = max(texts(drawn), key=lambda text: text.get_size())
    assert title.get_weight() == "bold"
    assert re.search(r"\d", drawn.get_label())


def test_zero_and_todays_difference_are_on_the_axis():
    ax = TORNADOES["twelve"].plot()
    low, high = ax.get_xlim()
    assert low <= 0.0 <= 1e6 <= high
    assert {0.0, 1e6} <= {float(line.get_xdata()[0]) for line in ax.get_lines() if len(set(line.get_xdata())) == 1}


def test_an_end_that_raises_the_difference_is_blue_and_one_that_lowers_it_vermilion():
    bars = TORNADOES["one"].plot().patches
    assert [bar.get_width() > 0 for bar in bars] == [False, True]
    assert bars[0].get_facecolor() != bars[1].get_facecolor()


def test_values_that_flip_the_advice_are_written():
    written = " ".join(text.get_text() for text in texts(TORNADOES["one"].plot().figure))
    assert "below 4.5" in written
    assert "4.05" in written


def test_luck_and_ignorance_are_written_with_their_shares():
    written = " ".join(text.get_text() for text in texts(UNCERTAINTIES["three"].plot().figure))
    assert "Luck 20" in written
    assert "Ignorance 80" in written
