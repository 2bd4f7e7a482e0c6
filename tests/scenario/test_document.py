"""A scenario file is read with its places, extends others in its folder, or fails with one clear line."""

import datetime
import os
import re
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retainsim.errors import ScenarioError
from retainsim.scenario.document import Document, Place, dump, parse, read
from retainsim.scenario.hints import did_you_mean, listing

patient = settings(deadline=None)  # a busy machine is no failure


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Every test writes its files into a fresh current folder."""
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    return here


def write(name, text):
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return name


def complaint(path):
    """The one line that reading `path` fails with."""
    with pytest.raises(ScenarioError) as caught:
        read(path)
    (problem,) = caught.value.problems
    assert "\n" not in problem
    return problem


def paths(value, path=()):
    if path:
        yield path
    if isinstance(value, dict | list):
        for key, child in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(child, (*path, key))


def test_a_place_reads_file_line_column():
    assert str(Place("scenarios/x.toml", 3, 14)) == "scenarios/x.toml:3:14"


def test_a_file_is_read_with_its_values_text_name_and_places():
    text = "title = 'é'\r\n[run]\r\nmonths = 60\r\n"
    document = read(write("x.toml", text))
    assert document.tree == {"title": "é", "run": {"months": 60}}
    assert document.text == text
    assert document.sources == ("x.toml",)
    assert document.at(("run", "months")) == "x.toml:3:1"


@pytest.mark.parametrize("spell", [str, Path])
def test_the_name_in_places_is_the_name_given(folder, spell):
    write("sub/x.toml", "a = 1")
    assert read(spell("sub/x.toml")).at(("a",)) == "sub/x.toml:1:1"
    assert read(spell(str(folder / "sub/x.toml"))).at(("a",)) == f"{folder}/sub/x.toml:1:1"


def test_an_unknown_path_has_the_place_of_the_nearest_one_around_it():
    document = parse("\n[run]\nseed = [1]", "x.toml")
    assert document.at(("run", "months")) == "x.toml:2:2"
    assert document.at(("run", "seed", 7, "deep")) == "x.toml:3:1"
    assert document.place(("firm",)) == document.place(()) == Place("x.toml", 1, 1)


def test_a_byte_order_mark_is_accepted_and_counts_for_no_column():
    document = read(write("x.toml", b"\xef\xbb\xbfa = 1"))
    assert document.tree == {"a": 1}
    assert document.at(("a",)) == "x.toml:1:1"
    assert document.text == "a = 1"


def test_a_missing_file_is_reported_with_the_name_that_was_meant():
    write("sub/northbay.toml", "")
    assert complaint("sub/nortbay.toml") == (
        'sub/nortbay.toml:1:1: there is no file "sub/nortbay.toml"; did you mean "northbay.toml"?'
    )


@pytest.mark.parametrize("name", ["x.toml", "no/folder/x.toml"])
def test_a_missing_file_like_no_other_is_reported_without_a_guess(name):
    assert complaint(name) == f'{name}:1:1: there is no file "{name}"; check its name and folder'


def test_a_folder_is_not_read():
    Path("sub").mkdir()
    assert complaint("sub") == 'sub:1:1: "sub" is a folder; name a file in it'


@pytest.mark.parametrize("name", ["x.toml/y.toml", "nul\0.toml", "long" * 100])
def test_a_file_that_does_not_open_is_reported_with_the_reason(name):
    write("x.toml", "")
    assert re.fullmatch(rf'{name}:1:1: the file "{name}" cannot be read \(.+\)', complaint(name))


def test_a_file_of_more_than_a_megabyte_is_refused_with_its_size():
    write("x.toml", "#" * 10 * 2**20)
    assert complaint("x.toml") == (
        "x.toml:1:1: the file has 10.0 MB; a scenario file may have at most 1 MB; is it the right one?"
    )


def test_one_byte_decides_whether_a_file_is_too_large():
    assert read(write("x.toml", "#" * 2**20)).tree == {}
    assert "has 1.1 MB" in complaint(write("y.toml", "#" * (2**20 + 1)))


@pytest.mark.parametrize(
    ("data", "where", "byte"),
    [
        (b"a = 1\nb = '\xff'", "2:6", "0xff at offset 11"),
        ("é€ = ".encode() + b"\xe9", "1:6", "0xe9 at offset 8"),
        (b"\xef\xbb\xbfa\xff", "1:2", "0xff at offset 4"),
        ("a = 1".encode("utf-16"), "1:1", f"0x{'a'.encode('utf-16')[0]:02x} at offset 0"),
    ],
)
def test_a_file_that_is_not_utf_8_is_reported_with_the_byte_and_its_place(data, where, byte):
    write("x.toml", data)
    assert complaint("x.toml") == f"x.toml:{where}: the file is not UTF-8 (byte {byte}); save it as UTF-8"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("a = 1\nb = \n", "2:5"),
        ("\r\na = hello", "2:5"),
        ("a = 1\na = 2", "2:6"),
        ("a = [1,\n", "2:1"),
        ('a = "x', "1:7"),
        ("[a]\n[a]\n", "2:3"),
        ("a = 2026-02-30", "1:5"),
    ],
)
def test_a_mistake_in_toml_is_reported_where_it_is(text, where):
    write("x.toml", text)
    assert complaint("x.toml").startswith(f"x.toml:{where}: this is not TOML: ")


def test_an_empty_file_is_an_empty_tree():
    assert read(write("x.toml", "")).tree == read(write("y.toml", b"\xef\xbb\xbf")).tree == {}


def test_no_place_is_named_twice_in_a_message_about_toml():
    assert "(at " not in complaint(write("x.toml", "a = ?"))
    assert "(at " not in complaint(write("x.toml", "a = ["))


def test_a_number_too_long_for_python_is_reported_where_it_is():
    write("x.toml", "a = 1\nb = " + "9" * 5000)
    assert complaint("x.toml").startswith("x.toml:2:5: a number has thousands of digits")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("x = 1\na = " + "[" * 100_000, "2:5"),
        ("x = 1\na = " + "{a=" * 100_000, "2:5"),
        ("x = 1\na = " + "[" * 65 + "]" * 65, "2:69"),
        ("x = 1\n" + ".".join("a" * 500_000) + " = 1", "2:1"),
        ("x = 1\n[" + ".".join("a" * 65) + "]", "2:1"),
        ("x = 1\n[" + ".".join("a" * 40) + "]\n" + ".".join("b" * 40) + " = 1", "3:49"),
    ],
)
def test_what_nests_more_than_64_deep_is_refused_where_it_does(text, where):
    write("x.toml", text)
    assert complaint("x.toml") == f"x.toml:{where}: nested more than 64 deep here; a scenario needs less than ten"


def test_what_nests_64_deep_is_read():
    assert len(max(read(write("x.toml", "a = " + "[" * 64 + "]" * 64)).places, key=len)) == 64
    assert len(max(read(write("x.toml", ".".join("a" * 64) + " = 1")).places, key=len)) == 64


def test_tables_merge_key_by_key_and_all_else_is_replaced():
    write(
        "base.toml",
        """
        title = "base"
        list = [1, 2, 3]
        [run]
        months = 60
        seed = 7
        [segments.small]
        price = 60
        moves = { large = 0.1, tiny = 0.2 }
        [[accounts]]
        name = "A"
        [[accounts]]
        name = "B"
        [was_table]
        a = 1
        [was_list]
        a = [{ b = 1 }]
        """,
    )
    write(
        "x.toml",
        """
        extends = "base.toml"
        list = [4]
        accounts = [{ name = "C" }]
        was_table = "EUR"
        [run]
        months = 12
        [segments.small]
        moves = { large = 0.3 }
        [segments.large]
        price = 900
        [was_list.a]
        b = 2
        """,
    )
    assert read("x.toml").tree == {
        "title": "base",
        "list": [4],
        "run": {"months": 12, "seed": 7},
        "segments": {"small": {"price": 60, "moves": {"large": 0.3, "tiny": 0.2}}, "large": {"price": 900}},
        "accounts": [{"name": "C"}],
        "was_table": "EUR",
        "was_list": {"a": {"b": 2}},
    }


def test_every_value_has_the_place_of_the_file_it_came_from():
    write("base.toml", "[run]\nmonths = 60\nseed = 7\nlist = [1, 2]\n[only.base]\na = 1\n")
    write("x.toml", 'extends = "base.toml"\n[run]\n  seed = 8\n  list = [3]\n')
    document = read("x.toml")
    assert document.at(("run",)) == "x.toml:2:2"
    assert document.at(("run", "seed")) == "x.toml:3:3"
    assert document.at(("run", "months")) == "base.toml:2:1"
    assert document.at(("run", "list", 0)) == "x.toml:4:11"
    assert document.at(("run", "list", 1)) == "x.toml:4:3"
    assert document.at(("only", "base", "a")) == "base.toml:6:1"
    assert document.at(("missing",)) == "x.toml:1:1"


plain = st.recursive(
    st.integers(0, 9),
    lambda child: st.lists(child, max_size=3) | st.dictionaries(st.sampled_from("abcd"), child, max_size=3),
    max_leaves=10,
)
trees = st.dictionaries(st.sampled_from("abcd"), plain, max_size=4)


@patient
@given(base=trees, over=trees)
def test_exactly_the_values_of_a_merged_tree_have_places(tmp_path_factory, base, over):
    folder = tmp_path_factory.mktemp("merge")
    (folder / "base.toml").write_text(dump(base))
    (folder / "x.toml").write_text(dump({"extends": "base.toml", **over}))
    document = read(folder / "x.toml")
    assert set(document.places) == set(paths(document.tree))
    for path in paths(over):
        assert document.place(path).file == str(folder / "x.toml")


def test_the_merge_of_three_files_keeps_the_outermost_word():
    write("sub/c.toml", "a = 1\nb = 1\nc = 1\n")
    write("sub/b.toml", 'extends = "c.toml"\na = 2\nb = 2\n')
    write("x.toml", 'extends = "sub/b.toml"\na = 3\n')
    document = read("x.toml")
    assert document.tree == {"c": 1, "b": 2, "a": 3}
    assert document.sources == ("x.toml", "sub/b.toml", "sub/c.toml")
    assert [document.at((key,)) for key in "abc"] == ["x.toml:2:1", "sub/b.toml:3:1", "sub/c.toml:3:1"]
    assert document.text == Path("x.toml").read_text()


def test_the_key_extends_is_in_no_merged_tree():
    write("b.toml", "a = 1")
    write("x.toml", 'extends = "b.toml"')
    document = read("x.toml")
    assert document.tree == {"a": 1}
    assert ("extends",) not in document.places


def test_a_missing_base_is_reported_at_the_key_extends():
    write("sub/base.toml", "")
    write("sub/x.toml", 'a = 1\n  extends = "bose.toml"')
    assert complaint("sub/x.toml") == (
        'sub/x.toml:2:3 extends: there is no file "sub/bose.toml"; did you mean "base.toml"?'
    )


def test_a_base_that_is_a_folder_is_reported_at_the_key_extends():
    write("sub/y.toml", "")
    write("x.toml", 'extends = "sub"')
    assert complaint("x.toml") == 'x.toml:1:1 extends: "sub" is a folder; name a file in it'


def test_a_mistake_inside_a_base_is_reported_inside_the_base():
    write("sub/base.toml", "a = 1\nb = ?")
    write("x.toml", 'extends = "sub/base.toml"')
    assert complaint("x.toml").startswith("sub/base.toml:2:5: this is not TOML: ")


@pytest.mark.parametrize(
    ("value", "shown"),
    [("7", "7"), ("['b.toml']", "['b.toml']"), ("true", "True"), ('""', "''"), (r'"b\u0000"', r"'b\x00'")],
)
def test_extends_must_be_a_file_name(value, shown):
    write("x.toml", f"a = 1\nextends = {value}")
    assert complaint("x.toml") == (f'x.toml:2:1 extends: not a file name (got {shown}); write extends = "base.toml"')


def test_files_that_extend_in_a_circle_are_listed():
    write("a.toml", 'extends = "sub/b.toml"')
    write("sub/b.toml", 'x = 1\nextends = "../a.toml"')
    assert complaint("a.toml") == (
        "sub/b.toml:2:1 extends: the files lead in a circle: a.toml -> sub/b.toml -> sub/../a.toml; "
        "take one `extends` out"
    )


def test_a_file_that_extends_itself_through_a_link_is_a_circle():
    write("a.toml", 'extends = "link.toml"')
    Path("link.toml").symlink_to("a.toml")
    assert "circle: a.toml -> link.toml;" in complaint("a.toml")


def chain(length):
    """Write files 1.toml to `length`.toml, of which each extends the next."""
    for number in range(1, length):
        write(f"{number}.toml", f'extends = "{number + 1}.toml"\nkey{number} = 1')
    write(f"{length}.toml", f"key{length} = 1")


def test_eight_files_may_extend_one_another():
    chain(8)
    assert len(read("1.toml").tree) == 8


def test_nine_files_may_not_extend_one_another():
    chain(9)
    listed = " -> ".join(f"{number}.toml" for number in range(1, 10))
    assert complaint("1.toml") == (f"8.toml:1:1 extends: more than 8 files extend one another: {listed}; merge some")


@pytest.mark.parametrize("name", ["../base.toml", "sub/../../base.toml", "{outside}", "link.toml", "way/base.toml"])
def test_no_base_outside_the_folder_is_read(folder, name):
    outside = folder.parent / "base.toml"
    outside.write_text("secret = 1")
    (folder / "sub").mkdir()
    (folder / "link.toml").symlink_to(outside)
    (folder / "way").symlink_to(folder.parent)
    write("x.toml", f"extends = '{name.format(outside=outside)}'")
    problem = complaint("x.toml")
    assert problem.startswith("x.toml:1:1 extends: ")
    assert (
        f'is outside the folder of "x.toml"; put it into {os.path.realpath(folder)} or below, or allow more (--within)'
        in problem
    )


def test_whether_a_file_outside_exists_is_not_told():
    write("x.toml", 'extends = "../nothing.toml"')
    assert "is outside the folder" in complaint("x.toml")


def test_a_base_of_a_base_may_climb_up_to_the_outermost_folder_but_not_above(folder):
    write("base.toml", "a = 1")
    write("sub/mid.toml", 'extends = "../base.toml"')
    assert read(write("x.toml", 'extends = "sub/mid.toml"')).tree == {"a": 1}
    assert 'mid.toml:1:1 extends: "sub/../base.toml" is outside' in complaint("sub/mid.toml")


def test_a_link_to_a_base_inside_the_folder_is_followed():
    write("sub/base.toml", "a = 1")
    Path("link.toml").symlink_to("sub/base.toml")
    assert read(write("x.toml", 'extends = "link.toml"')).tree == {"a": 1}


def test_links_that_lead_in_a_circle_are_reported_and_not_followed_for_ever():
    Path("p.toml").symlink_to("q.toml")
    Path("q.toml").symlink_to("p.toml")
    write("x.toml", 'extends = "p.toml"')
    assert complaint("x.toml").startswith('x.toml:1:1 extends: the file "p.toml" cannot be read (')


def test_a_text_is_read_under_the_name_it_is_given():
    assert parse("a = 1").at(("a",)) == "<scenario>:1:1"
    assert parse("a = 1", "--set") == Document({"a": 1}, {("a",): Place("--set", 1, 1)}, ("--set",), "a = 1")


def test_a_text_extends_nothing():
    with pytest.raises(ScenarioError, match=r"^<scenario>:2:1 extends: only a file can extend another; "):
        parse("a = 1\nextends = 'base.toml'")


def test_a_mistake_in_a_text_is_reported_where_it_is():
    with pytest.raises(ScenarioError, match=r"^<scenario>:2:5: this is not TOML: "):
        parse("a = 1\nb = ?")


anything = st.text() | st.text(st.characters(max_codepoint=0x9F), max_size=5)
values = st.recursive(
    anything
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.datetimes(),
    lambda child: st.lists(child, max_size=4) | st.dictionaries(anything, child, max_size=4),
    max_leaves=20,
)


@patient
@given(st.dictionaries(anything, values, max_size=6))
def test_what_is_dumped_is_read_back_the_same(tree):
    back = tomllib.loads(dump(tree))
    assert back == tree
    assert repr(sorted(map(repr, paths(back)))) == repr(sorted(map(repr, paths(tree))))


@pytest.mark.parametrize("value", [True, 1, 1.0, -0.0, 1e300, 5e-324, "1", datetime.date(2026, 1, 1)])
def test_a_dumped_value_keeps_its_type(value):
    assert repr(tomllib.loads(dump({"a": [value]}))["a"]) == repr([value])


def test_a_dump_writes_tables_as_headers_and_keys_in_their_order():
    assert dump({"z": 1, "a": True, "run": {"seed": 7}, "b": {"c": {"d": "x"}}}) == (
        'z = 1\na = true\n\n[run]\nseed = 7\n\n[b.c]\nd = "x"\n'
    )


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_a_number_that_is_not_finite_is_not_dumped(number):
    for tree in ({"a": number}, {"a": {"b": [1.0, [number]]}}, {"a": [{"b": number}]}):
        with pytest.raises(ValueError, match=f"cannot hold the number {number}, only finite ones"):
            dump(tree)


def test_the_words_inf_and_nan_are_dumped():
    assert tomllib.loads(dump({"inf": "nan", "a": ["inf"]})) == {"inf": "nan", "a": ["inf"]}


def test_a_mistyped_word_is_answered_with_the_word_meant():
    assert did_you_mean("retentoin", ["acquisition", "retention"]) == '; did you mean "retention"?'


def test_the_case_of_a_word_does_not_hide_what_was_meant():
    assert did_you_mean("EUR_PRICE", ["eur_Price"]) == '; did you mean "eur_Price"?'


def test_a_word_like_no_other_is_answered_with_nothing():
    assert did_you_mean("xyz", ["acquisition", "retention"]) == did_you_mean("", []) == ""


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ([], "nothing"),
        (["a"], "a"),
        (["a", "b"], "a or b"),
        (["a", "b", "c"], "a, b or c"),
        (["a", "b", "c", "d"], "a, b, c, ... (1 more)"),
    ],
)
def test_a_listing_names_at_most_the_words_of_its_limit(words, text):
    assert listing(iter(words), limit=3) == text
