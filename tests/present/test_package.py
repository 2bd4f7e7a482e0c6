"""Office files: the same bytes whenever they are made, and templates opened as decks."""

import io
import re
import zipfile

import pytest

from retainsim.present.package import settled


def parts(content):
    """Yield every part of an archive, those of archives within it too, with the date it bears there."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        for info in file.infolist():
            yield info.filename, info.date_time, file.read(info)
            if info.filename.endswith(".xlsx"):
                yield from parts(file.read(info))


@pytest.mark.parametrize("make", ["deck", "workbook"])
def test_a_file_tells_nothing_of_when_it_was_made(plain, tmp_path, make):
    content = getattr(plain, make)(tmp_path / "file").read_bytes()
    found = list(parts(content))
    assert {date for _, date, _ in found} == {(1980, 1, 1, 0, 0, 0)}
    properties = [part for name, _, part in found if name == "docProps/core.xml"]
    dates = {date for part in properties for date in re.findall(rb"<dcterms:\w+[^>]*>([^<]*)<", part)}
    assert dates == {b"2000-01-01T00:00:00Z"}
    assert len(properties) == (1 if make == "workbook" else 1 + sum(name.endswith(".xlsx") for name, _, _ in found))


def test_nothing_else_of_a_file_is_changed(plain, tmp_path):
    content = plain.workbook(tmp_path / "file").read_bytes()
    assert settled(content) == content
