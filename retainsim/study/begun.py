"""Begun: a run as its folder tells it: its scenario, what was asked, by which program, and how far it is."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from retainsim.errors import UsageError
from retainsim.head import ASKED, DONE, FILE
from retainsim.scenario import Scenario, load
from retainsim.version import changes

MOST = 3
"""Differences that a message names."""


@dataclass(frozen=True)
class Begun:
    """A run that was begun in a folder, and may be finished or not."""

    folder: Path
    scenario: Scenario
    status: str
    asked: dict[str, Any]
    versions: dict[str, str]

    @classmethod
    def at(cls, folder: str | os.PathLike[str]) -> Begun:
        """Read the folder of a run.

        Raises
        ------
        UsageError
            If it holds no run, or an answer instead, or its scenario has been changed since.
        ScenarioError
            If its scenario cannot be read.
        """
        place = Path(folder)
        try:
            told = json.loads((place / FILE).read_text(encoding="utf-8"))
            status, of, asked = told["status"], told["scenario"], {**ASKED, **told.get("asked", {})}
            file, sha256, by = of["file"], of["sha256"], dict(told.get("versions", {}))
        except OSError as error:
            why = f"{FILE}: {error.strerror}"
            raise UsageError(f"{place} holds no run ({why}); list them: retainsim runs") from None
        except (ValueError, KeyError, TypeError):
            why = f"{FILE} is damaged"
            raise UsageError(f"{place} holds no run ({why}); list them: retainsim runs") from None
        if "question" in told:
            again = f"give that command again with --out {place}"
            raise UsageError(f"{place} holds the answer to retainsim {told['question']}, not a run; {again}")
        if not (place / "scenario.toml").is_file():
            raise UsageError(f"{place} holds no scenario.toml; go on with: retainsim run FILE --out {place}")
        scenario = load(place / "scenario.toml").called(file)
        if scenario.sha256 != sha256:
            anew = f"play it as a new one: retainsim run {place / 'scenario.toml'}"
            raise UsageError(f"{place / 'scenario.toml'} has been changed since the run began; {anew}")
        return cls(place, scenario, status, asked, by)

    @property
    def is_done(self) -> bool:
        """Tell whether the run has all its results."""
        return self.status == DONE

    def check_scenario(self, scenario: Scenario) -> None:
        """Find a scenario to be the one that was begun.

        Raises
        ------
        UsageError
            If it says something else; the message names the first keys that differ.
        """
        if scenario != self.scenario:
            listed = "; ".join(differences(self.scenario.document.tree, scenario.document.tree))
            ways = "go on with --resume alone, or play a new run"
            raise UsageError(f"{self.folder} is a run of another scenario than {scenario.file}: {listed}; {ways}")

    def check_program(self) -> None:
        """Find this program to be the one that began the run.

        Raises
        ------
        UsageError
            If it is another: its numbers would not go with those that are there.
        """
        changed = changes(self.versions)
        if not changed:
            return
        old = self.versions.get("retainsim", "?")
        finish = f"finish it with that (pip install retainsim=={old})" if changed[0].startswith("retainsim ") else ""
        anew = f"play it anew: retainsim run {self.folder / 'scenario.toml'}"
        ways = " or ".join(filter(None, [finish, anew]))
        raise UsageError(f"{self.folder} was begun with {', '.join(changed)}, whose numbers may differ; {ways}")

    def check_asked(self, extras: Mapping[str, bool]) -> None:
        """Find nothing asked that was not asked when the run began.

        Raises
        ------
        UsageError
            If there is.
        """
        new = [f"--{name}" for name, is_asked in extras.items() if is_asked and not self.asked[name]]
        if new:
            raise UsageError(f"{self.folder} was begun without {' and '.join(new)}; leave that out, or play a new run")


def differences(old: Any, new: Any, most: int = MOST) -> list[str]:
    """Return what differs between two trees of plain values, by dotted path: the first few, and if there are more."""
    found = list(islice(_differing(old, new, ()), most + 1))
    return [*found[:most], *(["and more"] if len(found) > most else [])]


def _differing(old: Any, new: Any, path: tuple[str, ...]) -> Iterator[str]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differing(old.get(key, _NOTHING), new.get(key, _NOTHING), (*path, str(key)))
    else:
        yield f"{'.'.join(path)} was {_short(old)} and is {_short(new)}"


class _Nothing:
    def __repr__(self) -> str:
        return "not set"


_NOTHING = _Nothing()


def _short(value: Any, most: int = 40) -> str:
    text = repr(value) if not isinstance(value, (dict, list)) else json.dumps(value, default=str)
    return text if len(text) <= most else f"{text[: most - 3]}..."
