"""Fitreport: what was observed beside what the fitted scenario makes of it, as one file of HTML."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retainsim.charts import chart_of_answer
from retainsim.charts.canvas import slide_of, source_of
from retainsim.charts.lettering import clean, sentence, visible
from retainsim.fit.layout import FILL_IN, toml
from retainsim.present import report
from retainsim.present.picture import inline
from retainsim.present.report import Figure
from retainsim.wording import figure

if TYPE_CHECKING:
    from jinja2 import Template

    from retainsim.fit.fitted import Fit
    from retainsim.study.answer import Answer

TEMPLATE = Path(__file__).with_name("fit.html.jinja")


def page(fit: Fit) -> str:
    """Return the report of a fit: one page of HTML that asks for nothing from anywhere."""
    answer, data = fit.answer, fit.answer.report["data"]
    counted = f"{data['name']}: {data['rows']:,} rows, {data['used']:,} used, {data['left_out']:,} left out."
    return _template().render(
        style=_style(),
        title=clean(answer.report["scenario"]["title"]),
        verdict=[visible(sentence(each)) for each in fit.verdict],
        warnings=[visible(each) for each in fit.warnings],
        checks=[check_cells(each) for each in answer.report["checks"]],
        figures=[_figure(answer, name) for name in answer.charts],
        numbers=numbers(fit),
        counted=visible(counted),
        columns=[visible(each) for each in fit.guess.lines()],
        notes=[visible(f"{note.kind}: {note}") for note in fit.audit.notes],
        provenance=_provenance(answer),
        source=source_of(answer),
    )


def check_cells(check: dict[str, Any]) -> dict[str, Any]:
    """Return a comparison in words: shares as percentages, the others as numbers."""
    share = check["name"].startswith("still there")

    def said(value: float) -> str:
        return f"{100 * value:.1f} %" if share else figure(value, 4)

    band = f"{said(check['low'])} to {said(check['high'])}"
    covered = "" if check["months"] is None else f"{check['inside']} of {check['months']}"
    return {
        **check,
        "covered": covered,
        "observed": said(check["observed"]),
        "simulated": said(check["simulated"]),
        "band": band,
    }


def numbers(fit: Fit) -> list[dict[str, str]]:
    """Return every key of the scenario with its value, interval and comment, in words."""
    found = []
    for block in fit.draft.blocks:
        for key in block.keys:
            bounds = f"{figure(key.estimate.low, 4)} to {figure(key.estimate.high, 4)}" if key.estimate else ""
            about = f"{FILL_IN} {key.comment}" if key.is_open else key.comment
            found.append(
                {
                    "key": f"{block.name}.{key.name}".lstrip("."),
                    "value": toml(key.value),
                    "interval": bounds,
                    "about": about,
                }
            )
    return found


@lru_cache(maxsize=1)
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined

    machine = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return machine.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _style() -> Any:
    """Return the style sheet of reports, which stands in the template of a run's."""
    from markupsafe import Markup

    whole = report.TEMPLATE.read_text(encoding="utf-8")
    return Markup(whole.partition("<style>")[2].partition("</style>")[0])


def _figure(answer: Answer, name: str) -> Figure:
    from markupsafe import Markup

    ax = chart_of_answer(name)(answer)
    slide = slide_of(ax)
    drawing = inline(ax, name, title=visible(slide.finding), about=visible(slide.about))
    return Figure(name, slide.finding, slide.about, slide.notes, Markup(drawing), ())


def _provenance(answer: Answer) -> dict[str, str]:
    run, scenario = answer.report["run"], answer.report["scenario"]
    return {
        "Data": str(answer.report["data"]["name"]),
        "Scenario": str(scenario["title"]),
        "Scenario hash (SHA-256)": str(scenario["sha256"]),
        "Replications of the observed time": f"{run['replications']:,}",
        "Program": f"retainsim {run['version']}",
    }
