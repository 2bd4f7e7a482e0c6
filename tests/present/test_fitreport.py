"""Fitreport: what was compared can be read on a telephone without moving it sideways."""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fit import firm

import retainsim
from retainsim.fit import replay

PROBE = (
    "<script>parent.postMessage(Math.max(...[...document.querySelectorAll('table.numbers td')]"
    ".map(e => e.getBoundingClientRect().right)) + ' of ' + innerWidth, '*')</script>"
)
FRAME = (
    "<script>onmessage = e => document.title = e.data</script>"
    '<iframe src="page.html" width="390" height="900" style="border:0"></iframe>'
)


def test_every_number_compared_is_on_a_narrow_screen(tmp_path, chromium, monkeypatch):
    monkeypatch.setattr(replay, "REPLICATIONS", 3)
    found = retainsim.fit(firm.customers(500, years=2).replace({"plus": "a_plan_of_a_very_long_name"}), by="plan")
    found.report(tmp_path / "report.html")
    source = re.sub(r"<meta http-equiv[^>]*>", "", (tmp_path / "report.html").read_text("utf-8"))
    (tmp_path / "page.html").write_text(source.replace("</body>", f"{PROBE}</body>"), encoding="utf-8")
    (tmp_path / "frame.html").write_text(FRAME, encoding="utf-8")
    page, _ = chromium(
        tmp_path / "frame.html", "--dump-dom", "--virtual-time-budget=5000", "--allow-file-access-from-files"
    )
    right, screen = re.search(r"<title>([\d.]+) of (\d+)</title>", page).groups()
    assert float(right) <= float(screen)
