"""Head: what the file run.json of a folder says: whose run it is, what was asked, by which program, how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retainsim.version import versions

SCHEMA = 1
FILE = "run.json"
RUNNING, INTERRUPTED, DONE = "running", "interrupted", "done"
"""Status of a run that has no results yet, of one that has some, and of one that has all."""
EXTRAS = {"customers": False, "leaks": False, "trace": False}
"""What a run finds out besides only if asked to."""
ASKED = {"replications": None, **EXTRAS}
"""What may be asked of a run beside its scenario, as it is where nothing is said."""


def head(
    status: str,
    scenario: Mapping[str, Any],
    run: Mapping[str, Any],
    *,
    asked: Mapping[str, Any] | None = None,
    question: str = "",
) -> dict[str, Any]:
    """Return the content of the file: `asked` is of a run, `question` names the command that asked one."""
    of_question = {"question": question} if question else {}
    of_run = {} if asked is None else {"asked": {**ASKED, **asked}}
    about = {"scenario": dict(scenario), "run": dict(run)}
    return {"schema": SCHEMA, "status": status, **of_question, **about, **of_run, "versions": versions()}
