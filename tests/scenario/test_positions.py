"""Every key and element is found at its own line and column, however the TOML is written."""

import json
import string
import time
import tomllib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim.scenario.positions import find_long_key, find_open_brackets, find_positions, position_at

patient = settings(deadline=None)  # a busy machine is no failure

BARE = set(string.ascii_letters + string.digits + "-_")
SCALARS = [
    *["1", "-1_000", "0xdead_beef", "0o17", "0b1", "6.5e-3", "1_0.2_5", "inf", "true", "false"],
    *["1979-05-27", "1979-05-27T07:32:00Z", "1979-05-27 07:32:00.5-07:00", "07:32:00"],
    *['""', "''", r'"a \" ] } # = , \\"', r"'\'", "'[{\"'", '"[1, 2]"'],
    *['""""""', "''''''", '"""a"""', '""""a"" b"""""', "''''a'' b'''''"],
    *['"""\n# no comment\n\\""" ]\n\\\\"""', "'''\n[no.header]\nkey = 1\n'''", '"""\\\n   "x" """'],
]
SPACES = ["", " ", "\t "]
GAPS = ["", " ", "\n", "  # it's ] not } the \"end\n", "\n\n#'''\n\t"]


def spelled(draw, key):
    """One of the ways to write `key`."""
    ways = [json.dumps(key, ensure_ascii=False), '"' + "".join(f"\\U{ord(sign):08x}" for sign in key) + '"']
    if key and set(key) <= BARE:
        ways.append(key)
    if key.isprintable() and "'" not in key:
        ways.append(f"'{key}'")
    return draw(st.sampled_from(ways))


def dotted(draw, path):
    dot = draw(st.sampled_from([".", " . ", "\t."]))
    return dot.join(spelled(draw, key) for key in path)


def inline(draw, value):
    """`value` as it stands behind an equals sign."""
    if isinstance(value, str):
        return value
    space = draw(st.sampled_from(SPACES))
    if isinstance(value, dict):
        pairs = [f"{spelled(draw, key)}{space}={space}{inline(draw, child)}" for key, child in value.items()]
        return "{" + space + f"{space},{space}".join(pairs) + space + "}"
    gap = draw(st.sampled_from(GAPS))
    comma = draw(st.sampled_from(["", ","])) if value else ""
    return "[" + gap + f"{gap},{gap}".join(inline(draw, child) for child in value) + comma + gap + "]"


def is_tables(value):
    return isinstance(value, list) and value and all(isinstance(child, dict) for child in value)


def blocks(draw, table, path):
    """The lines of `table`: first its pairs, then what it leaves to headers."""
    pairs, rest = [], []
    for key, value in table.items():
        way = draw(st.sampled_from(["inline", "dotted", "header"]))
        if isinstance(value, dict) and value and way == "dotted":
            pairs += [f"{dotted(draw, [key, part])} = {inline(draw, child)}\n" for part, child in value.items()]
        elif way == "header" and isinstance(value, dict):
            rest.append(header(draw, [*path, key], "[", "]") + blocks(draw, value, [*path, key]))
        elif way == "header" and is_tables(value):
            rest += [header(draw, [*path, key], "[[", "]]") + blocks(draw, child, [*path, key]) for child in value]
        else:
            space = draw(st.sampled_from(SPACES))
            pairs.append(f"{space}{spelled(draw, key)}{space}={space}{inline(draw, value)}{space}# [x]\n")
    return "".join([*pairs, *rest])


def header(draw, path, opening, closing):
    space = draw(st.sampled_from(SPACES))
    return f"{space}{opening}{space}{dotted(draw, path)}{space}{closing}{space}# = [\n"


keys = st.text(st.sampled_from("abZ09-_ .\"'\\#[]{}=,\n\tüλ€😀\x01"), max_size=4) | st.sampled_from(["price", "1"])
nodes = st.recursive(
    st.sampled_from(SCALARS),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(keys, child, max_size=4),
    max_leaves=12,
)


@st.composite
def toml_texts(draw):
    tree = draw(st.dictionaries(keys, nodes, max_size=5))
    text = draw(st.sampled_from(GAPS)) + blocks(draw, tree, [])
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


def leaves(value, path=()):
    """Every path of `value`, with what stands there."""
    if path:
        yield path, value
    if isinstance(value, dict | list):
        children = value.items() if isinstance(value, dict) else enumerate(value)
        for key, child in children:
            yield from leaves(child, (*path, key))


def offset_of(text, position):
    line, column = position
    return sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column - 1


def key_at(text, offset):
    """The key that starts at `offset`, and its end, found by trying."""
    for end in range(offset + 1, len(text) + 1):
        if text[end : end + 1] in (" ", "\t", ".", "=", "]"):
            try:
                (key,) = tomllib.loads(f"{text[offset:end]} = 1")
            except ValueError:
                continue
            return key, end
    raise AssertionError("no key here")


@patient
@given(toml_texts())
def test_exactly_the_paths_of_the_tree_have_a_position(text):
    assert set(find_positions(text)) == {path for path, _ in leaves(tomllib.loads(text))}


@patient
@given(toml_texts())
def test_at_the_position_of_a_key_stands_that_key(text):
    for path, position in find_positions(text).items():
        if isinstance(path[-1], str):
            assert key_at(text, offset_of(text, position))[0] == path[-1]


@patient
@given(toml_texts())
def test_renaming_the_key_at_a_position_renames_that_key_and_no_other(text):
    for path, value in leaves(tomllib.loads(text)):
        if isinstance(path[-1], str) and not isinstance(value, dict | list):
            start = offset_of(text, find_positions(text)[path])
            changed = text[:start] + '"quite new"' + text[key_at(text, start)[1] :]
            found = {where for where, _ in leaves(tomllib.loads(changed))}
            assert (*path[:-1], "quite new") in found
            assert path not in found


@patient
@given(toml_texts())
def test_a_value_put_before_the_position_of_an_element_takes_its_index(text):
    for path, value in leaves(tomllib.loads(text)):
        if isinstance(path[-1], int) and not isinstance(value, dict):
            start = offset_of(text, find_positions(text)[path])
            changed = tomllib.loads(text[:start] + '"quite new", ' + text[start:])
            assert dict(leaves(changed))[path] == "quite new"


@pytest.mark.parametrize(
    ("text", "path", "position"),
    [
        ("a = 1", ("a",), (1, 1)),
        ("\n  # a = 0\r\n\ta = 1\r\n", ("a",), (3, 2)),
        ("x = 1\na . 'b.c'.d = 2", ("a", "b.c", "d"), (2, 11)),
        ("x = 1\na . 'b.c'.d = 2", ("a", "b.c"), (2, 5)),
        ("[ a . b ]\nc = 1", ("a",), (1, 3)),
        ("[ a . b ]\nc = 1", ("a", "b"), (1, 7)),
        ("[ a . b ]\nc = 1", ("a", "b", "c"), (2, 1)),
        ("[a.b]\n[a]\nc = 1", ("a",), (2, 2)),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a",), (1, 3)),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1), (3, 3)),
        ("[[a]]\nb = 1\n[[a]]\nb = 2", ("a", 1, "b"), (4, 1)),
        ("[[a]]\n[[a.b]]\n[[a]]\n[[a.b]]\n[a.b.c]\nd = 1", ("a", 1, "b", 0, "c", "d"), (6, 1)),
        ("a = [ # [\n  10,\n  [20, 30],\n]", ("a", 0), (2, 3)),
        ("a = [ # [\n  10,\n  [20, 30],\n]", ("a", 1, 1), (3, 8)),
        ("a = { b = [{ c.d = 1 }] }", ("a", "b", 0), (1, 12)),
        ("a = { b = [{ c.d = 1 }] }", ("a", "b", 0, "c", "d"), (1, 16)),
        ('a = """\nb = 1\n"""\nb = 2', ("b",), (4, 1)),
        ("day = 2026-01-01 10:00:00\nb = 2", ("b",), (2, 1)),
        ('"\\u0061" = [1]', ("a", 0), (1, 13)),
        ("é = 1".replace("é", '"é€😀"'), ("é€😀",), (1, 1)),
        ("a = { '€😀' = 1, b = 2 }", ("a", "b"), (1, 17)),
    ],
)
def test_a_position_counts_lines_and_characters_from_one(text, path, position):
    assert find_positions(text)[path] == position


def test_an_empty_text_has_no_positions():
    assert find_positions("") == find_positions("# nothing\r\n") == {}


def test_three_hundred_brackets_inside_one_another_are_all_found():
    text = "a = " + "[" * 300 + "]" * 300
    assert find_positions(text)[("a", *[0] * 299)] == (1, 304)


def test_a_thousand_times_deeper_than_python_recurses_the_scanner_does_not_fail():
    assert max(map(len, find_positions("a = " + "[" * 3_000 + "]" * 3_000))) == 3_000


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"[t{i}]\nkey.part = 'x' # why\n" for i in range(35_000)),
        "".join(f"k{i} = 1\n" for i in range(90_000)),
        'a = """' + 'x"\n' * 340_000 + '"""',
        "# ''' it\n" * 110_000,
    ],
)
def test_a_megabyte_takes_well_under_a_second(text):
    assert 900_000 < len(text) < 2**20 + 50
    start = time.process_time()
    find_positions(text)
    assert time.process_time() - start < 1.0


def test_the_position_of_an_offset_starts_again_behind_every_newline():
    found = [position_at("ab\n\nc", offset) for offset in range(6)]
    assert found == [(1, 1), (1, 2), (1, 3), (2, 1), (3, 1), (3, 2)]


@pytest.mark.parametrize("before", ["", "x = 1\n", "[x]\n  ", "y = { b = 1, ", "[", "[[ "])
def test_a_key_of_more_parts_than_allowed_is_found_where_it_stands(before):
    assert find_long_key(before + "a.'b' . \"c\".d = 1", 3) is not None
    assert find_long_key(before + "a.'b' . \"c\".d = 1", 4) is None


def test_a_long_key_that_only_a_comment_or_a_number_looks_like_is_none():
    assert find_long_key("# a.b.c.d = 1\nx = 1.5\ny = 'a.b.c.d.e'", 3) is None


def test_brackets_that_open_one_after_the_other_are_found_and_closed_ones_are_not():
    assert find_open_brackets("a = [1]\nb = [ {c = [1]} ]", 3) == (2, 5)
    assert find_open_brackets("a = [[1], [2], [3]]", 3) == (1, 1)


@patient
@given(st.integers(1, 40))
def test_arrays_of_tables_count_from_zero(number):
    positions = find_positions("[[a]]\n" * number)
    assert [positions["a", index] for index in range(number)] == [(line, 3) for line in range(1, number + 1)]
