"""Reading: messy tables are understood, every row is used or accounted for, garbage is refused with its row."""

import io

import numpy as np
import pandas as pd
import pytest

from retainsim.errors import DataError
from retainsim.fit import customers, shape, value
from retainsim.fit.audit import Audit
from retainsim.fit.reader import Reader
from retainsim.fit.table import of_frame, read

HEAD = "customer_id;signup_date;cancel_date;price"
PLENTY = "".join(f"p{i};2023-0{1 + i % 9}-11;{f'2024-03-{10 + i % 20}' if i % 2 else ''};10\n" for i in range(40))


def written(tmp_path, content, name="customers.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def table_of(tmp_path, content, name="customers.csv"):
    return read(written(tmp_path, content, name), Audit())


def lives(source, mapping=None, **days):
    """Return the customers of a file or DataFrame, and the audit."""
    audit = Audit()
    table = of_frame(source, audit) if isinstance(source, pd.DataFrame) else read(source, audit)
    kind, guess = shape.find(table, mapping or {})
    assert kind == "customers"
    reader = Reader(table, guess, audit)
    return customers.read(reader, **days), audit, table


def rows_of(tmp_path, *lines, head=HEAD, **more):
    """Return customers of these lines and of forty that are right."""
    return lives(written(tmp_path, f"{head}\n" + "".join(f"{line}\n" for line in lines) + PLENTY), **more)


def said(audit, word):
    return [note for note in audit.notes if word in note.text]


def series(*cells):
    return pd.Series(list(cells), dtype=object)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1,234.50", 1234.5), ("€ 12.5", 12.5), ("USD 3", 3.0), ("1.234,50 €", 1234.5), ("(5)", -5.0), ("1'000", 1000.0),
        ("-3", -3.0), ("12,345", 12345.0), ("1 234,5", 1234.5), ("7%", 7.0), ("1e3", 1000.0),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(text, number):
    assert value.numbers(series(text)).values == [number]


def test_a_comma_stands_before_decimals_where_another_cell_shows_it():
    assert value.numbers(series("12,345", "7,5", "1.234")).values.tolist() == [12.345, 7.5, 1234.0]


@pytest.mark.parametrize("text", ["abc", "=A1+B1", "1.2.3", "12-5", "--"])
def test_what_is_no_number_is_none(text):
    assert np.isnan(value.numbers(series(text, "1")).values[0])


@pytest.mark.parametrize(
    "text",
    ["2024-03-05", "05.03.2024", "20240305", "5 Mar 2024", "Mar 5, 2024", "2024/03/05", "2024-03-05T23:10:00Z",
     "2024-03-05 01:00", "5. March 2024", "45356", pd.Timestamp("2024-03-05 11:00")],
)  # fmt: skip
def test_dates_are_read_in_every_usual_form(text):
    assert str(value.date_of(value.dates(series(text)).values[0])) == "2024-03-05"


def test_the_order_of_day_and_month_is_told_by_those_above_twelve():
    first = value.dates(series("03/05/2024", "25/12/2024"))
    second = value.dates(series("03/05/2024", "12/25/2024"))
    assert [str(value.date_of(read.values[0])) for read in (first, second)] == ["2024-05-03", "2024-03-05"]


@pytest.mark.parametrize("text", ["2024-13-45", "31.02.2024", "soon", "1824-01-01", "9999-12-31"])
def test_what_is_no_date_is_none(text):
    assert np.isnan(value.dates(series(text)).values[0])


def test_flags_are_read_in_words_and_numbers():
    read = value.flags(series("Yes", "no", "1", "FALSE", "Churned", "active", "perhaps", ""))
    assert read.values[:6].tolist() == [1, 0, 1, 0, 1, 0]
    assert read.bad.tolist() == [False] * 6 + [True, False]
    assert read.blank[7]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_any_separator_is_found(tmp_path, mark):
    found = table_of(tmp_path, mark.join("abc") + "\n" + mark.join("123") + "\n" + mark.join("456") + "\n")
    assert list(found.frame) == ["a", "b", "c"]
    assert found.frame["b"].tolist() == ["2", "5"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_any_usual_encoding_is_read(tmp_path, encoding):
    found = table_of(tmp_path, "name;x\nZoë;1\nJörg;2\n".encode(encoding))
    assert found.frame["name"].tolist() == ["Zoë", "Jörg"]


def test_rows_keep_their_number_whatever_is_between_them(tmp_path):
    audit = Audit()
    found = read(written(tmp_path, 'a,b\n1,2\n3\n\n"x\ny",5\n6,7,8\n9,10\n'), audit)
    assert found.rows.tolist() == [2, 5, 7]
    assert [note.rows for note in audit.of("left out")] == [(3, 6)]


def test_parquet_and_excel_hold_the_same_as_csv(tmp_path):
    frame = pd.DataFrame({"customer_id": ["a", "b"], "tenure": [3, 4], "churned": ["yes", "no"]})
    frame.to_parquet(tmp_path / "x.parquet")
    frame.to_excel(tmp_path / "x.xlsx", index=False)
    frame.to_csv(tmp_path / "x.csv", index=False)
    tables = [read(tmp_path / f"x.{kind}", Audit()) for kind in ("csv", "parquet", "xlsx")]
    for found in tables:
        assert found.frame["customer_id"].astype(str).tolist() == ["a", "b"]
        assert value.numbers(found.frame["tenure"]).values.tolist() == [3.0, 4.0]
    assert tables[2].rows.tolist() == [2, 3]


def test_columns_are_found_whatever_they_are_called():
    frame = pd.DataFrame(
        {"Client-ID": [1], "Signed Up": ["2024-01-01"], "Cancelled": [""], "MRR": [5.0], "Source": ["ads"]}
    )
    kind, guess = shape.find(of_frame(pd.concat([frame, frame]), Audit()), {})
    assert kind == "customers"
    assert guess.columns == {
        "id": "Client-ID",
        "start": "Signed Up",
        "end": "Cancelled",
        "channel": "Source",
        "price": "MRR",
    }


def test_a_column_may_be_said_and_unsaid():
    frame = pd.DataFrame({"born": ["2024-01-01", "2024-02-01"], "gone": ["", "2024-03-01"], "price": [1, 2]})
    kind, guess = shape.find(of_frame(frame, Audit()), {"start": "Born", "end": "gone", "price": "none"})
    assert kind == "customers"
    assert guess.columns == {"start": "born", "end": "gone"}


def test_left_is_a_date_or_a_flag_by_what_it_holds():
    date = pd.DataFrame({"start": ["2024-01-01"] * 2, "left": ["2024-02-01", ""]})
    flag = pd.DataFrame({"tenure": [1, 2], "left": ["yes", "no"]})
    assert shape.find(of_frame(date, Audit()), {})[1].columns["end"] == "left"
    assert shape.find(of_frame(flag, Audit()), {})[1].columns["churned"] == "left"


def test_a_flag_of_who_is_still_there_is_turned_round():
    frame = pd.DataFrame({"tenure": np.arange(1, 41), "is_active": [1, 0] * 20})
    found, _, _ = lives(frame)
    assert found.spells.left.tolist() == [False, True] * 20


def test_every_row_is_used_or_accounted_for(tmp_path):
    found, audit, table = rows_of(
        tmp_path, "a;2024-01-01;2023-01-01;5", "b;;;5", "c;2024-99-01;;5", "d;2023-05-01;;5", "d;2023-05-01;;5",
        "e;2023-01-01;2023-04-01;5", "e;2023-06-01;;5", "f;2023-01-01;;5", "f;2023-02-01;;6", ";2023-01-01;;5",
    )  # fmt: skip
    assert len(found) + audit.left_out == len(table)
    assert audit.left_out == 5
    assert said(audit, "leaving before joining")[0].rows == (2,)
    assert said(audit, "is blank")[0].rows == (3,)
    assert said(audit, "cannot be read, such as '2024-99-01'")[0].rows == (4,)
    assert said(audit, "the same as an earlier row")[0].rows == (6,)
    assert said(audit, "came back")[0].rows == (8,)
    assert said(audit, "a second time at the same time")[0].rows == (10,)
    assert said(audit, "no id")[0].rows == (11,)


def test_a_life_of_no_time_counts_half_a_day(tmp_path):
    found, audit, _ = rows_of(tmp_path, "a;2024-01-01;2024-01-01;5")
    assert said(audit, "tenure 0 and left")[0].rows == (2,)
    assert found.spells.exit[0] == pytest.approx(0.5 * 12 / 365.25)


def test_who_leaves_after_the_end_of_observation_is_still_there(tmp_path):
    until = value.day_of("2024-03-15")
    found, audit, _ = rows_of(tmp_path, "a;2024-01-02;2024-04-01;5", until=until)
    assert said(audit, "left after 2024-03-15: still there then")[0].rows[0] == 2
    assert found.present[0]
    assert found.spells.exit[0] == pytest.approx(73 * 12 / 365.25)


def test_who_joined_before_observation_comes_into_it_at_its_tenure_then(tmp_path):
    since = value.day_of("2024-01-01")
    found, audit, _ = rows_of(tmp_path, "a;2023-12-02;2024-02-01;5", "b;2022-01-01;2023-06-01;5", since=since)
    assert said(audit, "left before observation began")[0].rows == (3,)
    assert found.spells.entry[0] == pytest.approx(30 * 12 / 365.25)


def test_earlier_leavers_that_are_missing_are_noticed():
    """2,000 joined over four years; the table holds those present at the start of the last year, or later."""
    luck = np.random.default_rng(5)
    start = luck.uniform(0, 48, 2_000)
    end = start + luck.exponential(20, 2_000)
    seen = end > 36
    day = np.datetime64("2020-01-01")
    frame = pd.DataFrame({"start": day + (start * 30).astype(int), "end": day + (end * 30).astype(int)})[seen]
    frame["end"] = frame["end"].where(end[seen] < 48)
    found, audit, _ = lives(frame)
    assert said(audit, "nobody left before")
    assert (found.spells.entry > 0).sum() > 500
    rate = found.spells.events / found.spells.exposure
    assert rate == pytest.approx(1 / 20, rel=4 / np.sqrt(found.spells.events))


def test_prices_that_cannot_be_used_are_named_and_not_counted(tmp_path):
    found, audit, _ = rows_of(
        tmp_path, "a;2024-01-01;;€ 5,50", "b;2024-01-01;;", "c;2024-01-01;;-3", "d;2024-01-01;;free"
    )
    assert found.price[:4].tolist()[0] == 5.5
    assert np.isnan(found.price[1:4]).all()
    assert [note.rows for note in audit.of("mended") if "price" in note.text] == [(3,), (5,), (4,)]


# -- garbage -----------------------------------------------------------------------------------------------------

MANY = ",".join(f"c{i}" for i in range(10_000))
GARBAGE = {
    "empty": (b"", "the file is empty"),
    "head only": (b"id,tenure,churn\n", "no row follows"),
    "one row": (b"id,tenure,churn\na,1,yes\n", r"row 2: the only row"),
    "binary": (bytes(range(256)) * 4, r"row 1: the file is binary"),
    "an Excel file called csv": (b"PK\x03\x04" + b"x" * 50, r"row 1: the file is an Excel file"),
    "ten thousand columns": (f"{MANY}\n{MANY}\n{MANY}\n".encode(), r"row 1: 10,000 columns"),
    "another separator": (b"id tenure churn\na 1 yes\nb 2 no\n", "row 1: only one column"),
    "two encodings": ("id,tenure,churn\né,1,yes\nb,2,no\n".encode() + b"\xe9,3,yes\n", "row 4: byte 0xe9"),
    "no names": (b"1,2,3\n4,5,6\n7,8,9\n", "row 1: 1, 2, 3 are values"),
    "quotes left open": (b'id,tenure,churn\n"a,1,yes\nb,2,no\nc,3,no\n', "row 2"),
    "nothing known": (b"x,y,z\nq,w,e\nr,t,y\n", "row 1: no way to read x, y, z"),
    "a formula": (b"id,tenure,churn\n" + b"a,3,yes\n" * 8 + b"b,=A1+2,no\n" * 2, "row 10: tenure .* holds a formula"),
    "all left": (b"id,tenure,churn\n" + b"".join(b"c%d,%d,yes\n" % (i, i + 1) for i in range(30)), "rows 2 to 31: all 30"),
    "none left": (b"id,tenure,churn\n" + b"".join(b"c%d,%d,no\n" % (i, i + 1) for i in range(30)), "rows 2 to 31: none of"),
    "text for tenure": (b"id,tenure,churn\na,old,yes\nb,new,no\nc,3,no\n", "row 1: no way to read id, tenure, churn"),
    "rising survivors": (b"year,a\n0,100\n1,50\n2,60\n3,40\n", "survivors rise from 50 to 60 in period 2"),
}  # fmt: skip


@pytest.mark.parametrize("name", GARBAGE)
def test_garbage_is_refused_with_the_row_and_exit_code_3(tmp_path, name):
    import retainsim

    content, message = GARBAGE[name]
    with pytest.raises(DataError, match=message) as refused:
        retainsim.fit(written(tmp_path, content))
    assert refused.value.exit_code == 3
    assert "customers.csv" in str(refused.value)


def test_a_column_that_cannot_be_what_the_user_says_is_refused_with_its_first_row(tmp_path):
    import retainsim

    path = written(tmp_path, "id,tenure,churn\na,3,yes\nb,new,no\nc,old,no\n")
    with pytest.raises(DataError, match=r"row 3: tenure \(tenure\) is not a number, such as 'new'"):
        retainsim.fit(path, columns={"tenure": "tenure"})


@pytest.mark.parametrize("name", ["x.xlsx", "x.parquet"])
def test_a_damaged_file_is_refused(tmp_path, name):
    with pytest.raises(DataError, match=f"{name}: it cannot be read"):
        table_of(tmp_path, b"nonsense" * 9, name)


def test_a_formula_in_excel_is_refused_with_its_row(tmp_path):
    import openpyxl

    import retainsim

    book = openpyxl.Workbook()
    for row in [["id", "tenure", "churn"], *([f"c{i}", i + 1, "yes" if i % 2 else "no"] for i in range(20))]:
        book.active.append(row)
    book.active["B7"] = "=B6+1"
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(DataError, match=r"row 7: tenure .* holds a formula"):
        retainsim.fit(tmp_path / "x.xlsx")


def test_a_long_table_is_read_from_memory_alike():
    text = "id,tenure,churn\n" + "".join(f"c{i},{1 + i % 30},{'yes' if i % 3 else 'no'}\n" for i in range(60))
    found, audit, _ = lives(pd.read_csv(io.StringIO(text)))
    assert len(found) == 60
    assert audit.left_out == 0


def test_excel_and_csv_give_the_same_customers(tmp_path):
    from fit import firm

    frame = firm.customers(200, years=3)
    frame.to_csv(tmp_path / "customers.csv", index=False)
    dated = frame.assign(
        signup_date=pd.to_datetime(frame["signup_date"]),
        cancel_date=pd.to_datetime(frame["cancel_date"].replace("", None)),
    )
    dated.to_excel(tmp_path / "customers.xlsx", index=False)
    dated.to_parquet(tmp_path / "customers.parquet")
    found = [lives(tmp_path / f"customers.{kind}")[0] for kind in ("csv", "xlsx", "parquet")]
    for other in found[1:]:
        assert np.array_equal(found[0].spells.exit, other.spells.exit)
        assert np.array_equal(found[0].spells.left, other.spells.left)
        assert found[0].price == pytest.approx(other.price)


def test_a_day_to_come_is_no_end_of_observation(tmp_path):
    found, audit, _ = rows_of(tmp_path, "a;2099-01-01;;10", "b;2023-02-01;2098-12-31;10")
    assert said(audit, "observed until 2024-03-29")
    assert said(audit, "joined after 2024-03-29")[0].rows == (2,)
    assert said(audit, "left after 2024-03-29")[0].rows == (3,)
    assert len(found) == 41


@pytest.mark.parametrize("never", ["9999-12-31", "31.12.9999", "0000-00-00", "9999-12-31 00:00:00"])
def test_a_date_that_stands_for_none_is_blank_and_named(tmp_path, never):
    found, audit, _ = rows_of(tmp_path, f"a;2023-02-01;{never};10")
    assert not found.spells.left[0]
    assert said(audit, f"{never} is taken for no date")


def test_a_single_formula_is_not_said_to_have_company(tmp_path):
    with pytest.raises(DataError, match=r"holds a formula \(=A1\); paste"):
        rows_of(tmp_path, "a;2023-02-01;;=A1")


def test_tenures_that_are_all_zero_are_refused():
    with pytest.raises(DataError, match="every tenure is 0"):
        lives(pd.DataFrame({"tenure": [0] * 40, "churned": [0, 1] * 20}))


@pytest.mark.parametrize(("name", "times", "told"), [("tenure", 30, 1), ("tenure_days", 30, 0), ("tenure", 1, 0)])
def test_tenures_that_may_be_days_are_noticed(name, times, told):
    frame = pd.DataFrame({name: [times * (1 + i) for i in range(36)], "churned": [0, 1] * 18})
    assert len(said(lives(frame)[1], "if it counts days")) == told


def test_a_quote_that_is_not_closed_takes_no_rows_in_unseen(tmp_path):
    head, *lines = (f"{HEAD}\n{PLENTY}").splitlines()
    lines[30] = '"' + lines[30]
    with pytest.raises(DataError, match="row 32: a quote that opens there takes in 9 more lines"):
        table_of(tmp_path, "\n".join([head, *lines]))
    closed = table_of(tmp_path, "\n".join([head, *lines[:30], '"p;\nq";2023-01-01;;10', *lines[31:]]))
    assert len(closed) == 40
