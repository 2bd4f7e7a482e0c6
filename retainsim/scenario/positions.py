"""Positions: where each key of a TOML text stands.

`tomllib` forgets where a value came from, and a message about a value is of little use without its line.
The scanner trusts the text, since `tomllib` has accepted it before: it checks nothing, and looks for
little more than keys, brackets and the ends of strings. It keeps its own stack, so that depth costs no
recursion.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

# Possessive quantifiers (`*+`) throughout: nothing is ever tried twice, so no text can make these slow.
GAP = re.compile(r"(?:[ \t\r\n,]++|#[^\n]*+)*+")
KEY = re.compile(r"""("(?:[^"\\]++|\\.)*+"|'[^']*+'|[A-Za-z0-9_-]++)[ \t]*+(\.?+)[ \t]*+""")
VALUE = re.compile(  # one that ends, or the opening of one that nests; then the gap
    r"""(?:[\[{]"""
    r'''|"""(?:[^"\\]++|\\.|"{1,2}+(?!"))*+"{3,5}+'''
    r"""|'''(?:[^']++|'{1,2}+(?!'))*+'{3,5}+"""
    r'''|"(?:[^"\\]++|\\.)*+"'''
    r"""|'[^']*+'"""
    r"""|[^ \t\r\n,\]}#]++(?:[ ]\d\d:[^ \t\r\n,\]}#]++)?+)""" + GAP.pattern,  # a date may have a space before its time
    re.DOTALL,
)
LONG_KEY = r"""(?m:^|[{,])[ \t]*+\[{0,2}+[ \t]*+(?:(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+){%d}"""
OPEN_BRACKETS = r"""(?:[\[{][^\[\]{}"'#]*+){%d}"""


def position_at(text: str, offset: int) -> tuple[int, int]:
    """Return line and column, both from 1, of the character at `offset`."""
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def find_long_key(text: str, depth: int) -> tuple[int, int] | None:
    """Find a dotted key of more than `depth` parts, in any text.

    `tomllib` takes time with the square of the parts: hours for the longest that 1 MB can hold.
    """
    found = re.search(LONG_KEY % depth, text)
    return position_at(text, found.start()) if found else None


def find_open_brackets(text: str, depth: int) -> tuple[int, int]:
    """Find where `depth` brackets open one after the other, in any text; (1, 1) if nowhere."""
    found = re.search(OPEN_BRACKETS % depth, text)
    return position_at(text, found.start() if found else 0)


def find_positions(text: str) -> dict[Path, tuple[int, int]]:
    """Find the line and column of every key and array element of a valid TOML text.

    Parameters
    ----------
    text
        A text that `tomllib.loads` accepts; for any other the answer has no meaning.

    Returns
    -------
    dict
        From the path of a value (keys, and indices in arrays) to the line and column, both from 1, of its
        key, or of the value itself for an array element. A table written in several places stands at its
        own header if it has one, otherwise where it is first named.
    """
    starts = [0, *(newline.end() for newline in re.finditer("\n", text))]
    positions = {}
    for path, offset in _Scanner(text).scan().items():
        line = bisect_right(starts, offset)
        positions[path] = (line, offset - starts[line - 1] + 1)
    return positions


class _Scanner:
    """One pass over a text, which notes the offset of every path."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offsets: dict[Path, int] = {}
        self.newest: dict[Path, int] = {}  # of each array of tables, the index of its latest table

    def scan(self) -> dict[Path, int]:
        """Go through headers and pairs until the text ends."""
        table: Path = ()
        offset = self._past(GAP, 0)
        while offset < len(self.text):
            if self.text[offset] == "[":
                table, offset = self._header(offset)
            else:
                offset = self._pair(table, offset)
            offset = self._past(GAP, offset)
        return self.offsets

    def _past(self, pattern: re.Pattern[str], offset: int) -> int:
        """Return where the match of `pattern` at `offset` ends."""
        match = pattern.match(self.text, offset)
        assert match, "only a text that tomllib accepts can be scanned"
        return match.end()

    def _keys(self, offset: int) -> tuple[list[tuple[str, int]], int]:
        """Read `a . "b" . c`: each key with its offset, and where the next sign stands."""
        keys, dot = [], "."
        while dot:
            match = KEY.match(self.text, offset)
            assert match, "only a text that tomllib accepts can be scanned"
            keys.append((_unquoted(match[1]), offset))
            dot, offset = match[2], match.end()
        return keys, offset

    def _header(self, offset: int) -> tuple[Path, int]:
        """Read `[a.b]` or `[[a.b]]`: the path of the table that it opens, and where it ends."""
        brackets = 2 if self.text.startswith("[[", offset) else 1
        keys, offset = self._keys(self._past(GAP, offset + brackets))
        path: Path = ()
        for key, start in keys:
            path = (*self._latest(path), key)
            self.offsets.setdefault(path, start)
        if brackets == 2:
            self.newest[path] = self.newest.get(path, -1) + 1
            path = self._latest(path)
        self.offsets[path] = keys[-1][1]
        return path, offset + brackets

    def _latest(self, path: Path) -> Path:
        """Return the latest table of `path` if it is an array of tables, otherwise `path`."""
        return (*path, self.newest[path]) if path in self.newest else path

    def _named(self, table: Path, offset: int) -> tuple[Path, int]:
        """Read `a.b =` in `table`: the path that it names, and where its value starts."""
        keys, offset = self._keys(offset)
        path = table
        for key, start in keys:
            path = (*path, key)
            self.offsets.setdefault(path, start)
        return path, self._past(GAP, offset + 1)

    def _pair(self, table: Path, offset: int) -> int:
        """Read `key = value`, the value with all that is nested in it; return where what follows starts."""
        path, offset = self._named(table, offset)
        inside: list[tuple[Path, list[int]]] = []  # what is still open: its path, and an array's next index
        while True:
            opening = self.text[offset]
            offset = self._past(VALUE, offset)
            if opening in "[{":
                inside.append((path, [0] if opening == "[" else []))
            while inside and self.text[offset] in "]}":
                inside.pop()
                offset = self._past(GAP, offset + 1)
            if not inside:
                return offset
            path, offset = self._next(*inside[-1], offset)

    def _next(self, parent: Path, index: list[int], offset: int) -> tuple[Path, int]:
        """Return the path of the value that follows in `parent`, and where it starts."""
        if not index:
            return self._named(parent, offset)
        path = (*parent, index[0])
        index[0] += 1
        self.offsets[path] = offset
        return path, offset


def _unquoted(key: str) -> str:
    """Return what a key means: quotes are taken off, and escapes left to `tomllib`."""
    if key[0] not in "\"'":
        return key
    if key[0] == '"' and "\\" in key:
        return str(tomllib.loads(f"key = {key}")["key"])
    return key[1:-1]
