"""Refresh what the documentation shows of the program: reference pages, printed outputs, pictures.

python scripts/refresh_docs.py                      write all of it
python scripts/refresh_docs.py reference            write one kind: reference, outputs or pictures
python scripts/refresh_docs.py --check reference    write nothing; exit 1 if something has drifted
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

os.environ.setdefault("MPLBACKEND", "Agg")

from pages import command, example, folder, function, measure, mechanism, page, picture, scenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
WRITTEN_BY_HAND = ("index.md",)


Wanted: TypeAlias = "dict[Path, str | bytes | None]"


def reference() -> Wanted:
    """Return the pages of the reference; None for one that is there and should not be."""
    made = [mechanism, scenario, example, command, function, folder, measure]
    pages: Wanted = {REFERENCE / name: text for each in made for name, text in each.pages().items()}
    there = {path for path in REFERENCE.rglob("*.md") if path.relative_to(REFERENCE).as_posix() not in WRITTEN_BY_HAND}
    return pages | dict.fromkeys(there - set(pages))


def outputs() -> Wanted:
    """Return the pages whose blocks are run, with what they print."""
    return {path: page.refreshed(path.read_text("utf-8")) for path in page.paths()}


KINDS: dict[str, Callable[[], Mapping[Path, str | bytes | None]]] = {
    "reference": reference,
    "outputs": outputs,
    "pictures": picture.pictures,
}


def main() -> int:
    """Write or check, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], help="what to refresh; default: everything")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if something has drifted")
    options = parser.parse_args()
    drifted = [path for kind in options.kinds or KINDS for path in _settle(KINDS[kind](), check=options.check)]
    for path in drifted:
        what = "has drifted; run python scripts/refresh_docs.py" if options.check else "refreshed"
        print(f"{path.relative_to(ROOT)} {what}", file=sys.stderr if options.check else sys.stdout)
    return int(options.check and bool(drifted))


def _settle(wanted: Mapping[Path, str | bytes | None], *, check: bool) -> list[Path]:
    """Make files what is wanted, None for none, unless this is a check; return which were not."""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in wanted.items()}
    wrong = [path for path, text in contents.items() if (path.read_bytes() if path.is_file() else None) != text]
    for path in [] if check else wrong:
        text = contents[path]
        if text is None:
            path.unlink()
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text)
    return sorted(wrong)


if __name__ == "__main__":
    sys.exit(main())
