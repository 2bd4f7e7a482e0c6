"""The report: one file that needs nothing but itself, and that everybody can read."""

import re
from html.parser import HTMLParser

import pytest

from retainsim.charts import names_of
from retainsim.present import report
from retainsim.present.measure import measures

VOID = {"meta", "link", "br", "wbr", "img", "hr", "input"}
READABLE = 4.5
"""Contrast that small text needs (WCAG 2, level AA)."""


class Page(HTMLParser):
    """What a browser makes of a page: its elements, in order, with their attributes and their text."""

    def __init__(self, source):
        super().__init__()
        self.elements, self.open, self.crossed = [], [], []
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.elements.append({"tag": tag, "text": "", "within": [e["tag"] for e in self.open], **dict(attrs)})
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_startendtag(self, tag, attrs):
        self.elements.append({"tag": tag, "text": "", "within": [e["tag"] for e in self.open], **dict(attrs)})

    def handle_endtag(self, tag):
        if not self.open or self.open[-1]["tag"] != tag:
            self.crossed.append(tag)
        else:
            self.open.pop()

    def handle_data(self, data):
        for element in self.open:
            element["text"] += data

    def all(self, *tags):
        return [element for element in self.elements if element["tag"] in tags]


@pytest.fixture(scope="module")
def source(every):
    return report.html(every)


@pytest.fixture(scope="module")
def page(source):
    return Page(source)


# -- whatever the run -------------------------------------------------------------------------------------------


def test_every_element_is_closed_where_it_was_opened(page):
    assert page.crossed == []
    assert page.open == []


def test_nothing_is_fetched_from_anywhere(source, page):
    for element in page.elements:
        for key in ("src", "href", "xlink:href", "srcset", "action", "data", "poster"):
            value = element.get(key)
            assert value is None or value.startswith(("#", "data:")), (element["tag"], value)
    assert page.all("script", "iframe", "object", "embed", "form", "base") == []
    style = " ".join(element["text"] for element in page.all("style"))
    assert not re.search(r"url\(\s*['\"]?(?!#)|@import", style)
    assert "default-src 'none'" in source


def test_headings_descend_one_step_at_a_time(page):
    levels = [int(element["tag"][1]) for element in page.all("h1", "h2", "h3", "h4")]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_the_verdict_comes_before_the_evidence(source, every):
    first = every.verdict[0].split(":")[0]
    assert source.index(first, source.index("<main")) < source.index('id="evidence"')


def test_every_drawing_says_what_it_shows_to_those_who_cannot_see_it(page, every):
    drawings = page.all("svg")
    assert len(drawings) == len(names_of(every))
    said = {element["id"]: element["text"] for element in page.elements if "id" in element}
    for drawing in drawings:
        assert drawing["role"] == "img"
        assert all(said[name].strip() for name in drawing["aria-labelledby"].split())


def test_ids_are_given_once_and_every_reference_has_its_end(page):
    ids = [element["id"] for element in page.elements if "id" in element]
    assert len(ids) == len(set(ids))
    ends = [
        value[1:] for e in page.elements for key in ("href", "xlink:href") if (value := e.get(key, "")).startswith("#")
    ]
    ends += [
        name
        for e in page.elements
        for key in ("aria-labelledby", "aria-describedby")
        for name in e.get(key, "").split()
    ]
    ends += [
        name
        for e in page.elements
        for value in e.values()
        for name in re.findall(r"url\(#([^)]+)\)", str(value))
        if e["tag"] != "style"
    ]
    assert set(ends) <= set(ids)


def test_every_table_has_heads_for_its_columns_and_its_rows(page):
    heads = page.all("th")
    assert heads
    assert all(head.get("scope") in ("col", "row") for head in heads)
    assert {head["scope"] for head in heads} == {"col", "row"}


def test_what_scrolls_can_be_reached_and_has_a_name(page):
    scrolling = [element for element in page.all("div") if element.get("class") == "scroll"]
    assert scrolling
    assert all(e.get("tabindex") == "0" and e.get("role") == "region" and e.get("aria-label") for e in scrolling)


def test_every_measure_of_the_run_is_shown_and_defined(page, every):
    rows = measures(every)
    arm = every.report["arms"]["baseline"]
    plain = {name for name, value in arm.items() if isinstance(value, dict) and "mean" in value}
    assert plain <= {row.name for row in rows}
    defined = [element["text"] for element in page.all("dd")]
    assert all(row.about in defined for row in rows)


def test_the_run_can_be_identified(page, every):
    said = " ".join(element["text"] for element in page.all("dd"))
    assert every.report["scenario"]["sha256"] in said
    assert str(every.report["run"]["seed"]) in said


# -- single things ----------------------------------------------------------------------------------------------


def test_names_with_markup_are_shown_as_they_are(run):
    source = report.html(run("hostile"))
    page = Page(source)
    assert page.all("script", "img") == []
    assert not [element for element in page.elements if "onerror" in element]
    cells = [element["text"] for element in page.all("th")]
    for text in ("=cmd|' /C calc'!A1", "<script>alert(1)</script>", "+1 😀 שלום مرحبا"):
        assert text in cells
    assert any("{{ 7 * 7 }}" in cell for cell in cells)
    assert page.all("title")[0]["text"] == "=1+1 <script>alert(2)</script>"


def test_waits_and_large_customers_are_among_the_measures(run):
    """They are nested in the report of a run, and once ended the page in a KeyError."""
    rows = {row.name: row for row in measures(run("watched"))}
    assert rows["service_desk.wait_minutes"].cells[0].endswith(")")
    assert " minutes (" in rows["service_desk.wait_minutes"].cells[0]
    assert (
        rows["concentration.ten_largest_share"]
        .cells[0]
        .startswith(
            f"{100 * run('watched').report['arms']['baseline']['concentration']['ten_largest_share']['mean']:.1f} %"
        )
    )


def test_warnings_and_a_failed_self_check_are_said_at_the_top(plain):
    import dataclasses

    check = {"name": "pool", "simulated": 2.0, "low": 0.9, "high": 1.1, "theory": 1.0, "ok": False}
    report_ = plain.report | {"self_check": [check], "warnings": ["mind the gap"]}
    source = report.html(dataclasses.replace(plain, report=report_))
    head = source[: source.index('id="evidence"')]
    assert "Self-check failed in 1 of 1: pool. Do not rely on this run." in head
    assert "mind the gap" in head


def test_the_colours_of_text_can_be_read():
    style = report.TEMPLATE.read_text(encoding="utf-8")
    names = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", style))
    inks = [names["ink"], names["grey"], names["blue"], *re.findall(r"[^-]color: (#[0-9a-f]{6})", style)]
    papers = ["#ffffff", "#fff6ef"]
    assert len(inks) >= 5
    assert all(contrast(ink, paper) >= READABLE for ink in inks for paper in papers)


def contrast(one, other):
    first, second = sorted((brightness(one), brightness(other)), reverse=True)
    return (first + 0.05) / (second + 0.05)


def brightness(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_second_report_has_the_same_bytes(plain, tmp_path):
    assert plain.html(tmp_path / "a.html").read_bytes() == plain.html(tmp_path / "b.html").read_bytes()


@pytest.mark.parametrize("name", ["hostile", "watched"])
def test_the_page_loads_offline_without_a_complaint(run, tmp_path, chromium, name):
    """The page forbids itself every request: one that it made all the same would be a complaint."""
    path = run(name).html(tmp_path / "report.html")
    page, log = chromium(path, "--dump-dom", "--host-resolver-rules=MAP * ~NOTFOUND")
    assert "CONSOLE" not in log, log
    assert "Refused" not in log
    assert Page(page).all("script", "img") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_no_wider_than_the_screen(run, tmp_path, chromium, width):
    probe = "<script>document.title = document.documentElement.scrollWidth + ' of ' + innerWidth</script>"
    source = report.html(run("eight_arms"))
    source = re.sub(r"<meta http-equiv[^>]*>", "", source).replace("</body>", f"{probe}</body>")
    frame = tmp_path / "frame.html"
    (tmp_path / "page.html").write_text(source, encoding="utf-8")
    measure = "<script>onmessage = e => document.title = e.data</script>"
    body = source.replace("document.title =", "parent.postMessage(").replace(
        " innerWidth</script>", " innerWidth, '*')</script>"
    )
    (tmp_path / "page.html").write_text(body, encoding="utf-8")
    frame.write_text(
        f'{measure}<iframe src="page.html" width="{width}" height="900" style="border:0"></iframe>', encoding="utf-8"
    )
    page, _ = chromium(frame, "--dump-dom", "--virtual-time-budget=5000", "--allow-file-access-from-files")
    wide, _, screen = re.search(r"<title>(\d+) (of) (\d+)</title>", page).groups()
    assert int(screen) in (width, width - 15)
    assert int(wide) <= int(screen)
