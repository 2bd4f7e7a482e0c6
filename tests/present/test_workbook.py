"""The workbook: totals are formulas that come to the run's numbers, and text is never a formula."""

import re
import zipfile

import openpyxl
import pytest

from retainsim.present.ledgerbook import number_format


@pytest.fixture(scope="module")
def path(every, tmp_path_factory):
    return every.workbook(tmp_path_factory.mktemp("workbook") / "workbook.xlsx")


@pytest.fixture(scope="module")
def shown(path):
    """The workbook as one sees it: what formulas came to."""
    return openpyxl.load_workbook(path, data_only=True)


@pytest.fixture(scope="module")
def written(path):
    """The workbook as it is written: formulas as formulas."""
    return openpyxl.load_workbook(path)


def row(sheet, label):
    """Return the cells beside a label in the first column."""
    found = [line for line in sheet.iter_rows() if line[0].value == label]
    assert len(found) == 1, label
    return [cell.value for cell in found[0][1:] if cell.value is not None]


def means(results, *path):
    found = list(results.report["arms"].values())
    for key in path:
        found = [each[key] for each in found]
    return found


# -- whatever the run -------------------------------------------------------------------------------------------


def test_the_sheets_are_there(shown):
    assert shown.sheetnames == ["Summary", "Bridge", "Monthly", "Measures", "Inputs", "Self-check", "Provenance"]


def test_the_totals_are_formulas_over_the_months(written, every):
    count = len(every.arms)
    for label in (
        "NPV",
        "NPV to the horizon (sum of the months)",
        "Joined, sum of the months",
        "Revenue, sum of the months",
    ):
        cells = row(written["Summary"], label)
        assert len(cells) == count
        assert all(str(cell).startswith("=") for cell in cells), label
    assert all(str(cell).startswith("=SUM(") for cell in row(written["Bridge"], "NPV (sum of the lines)"))


def test_what_formulas_come_to_is_what_the_run_says(shown, every):
    check_totals(shown, every)


def check_totals(book, results):
    summary = book["Summary"]
    pairs = {
        "NPV": means(results, "npv", "mean"),
        "NPV to the horizon (sum of the months)": means(results, "npv_to_horizon", "mean"),
        "Joined, sum of the months": means(results, "joined", "mean"),
        "Left, sum of the months": means(results, "left", "mean"),
        "Revenue, sum of the months": means(results, "revenue", "mean"),
        "Acquisition cost, sum of the months": means(results, "acquisition_cost", "mean"),
        "Pool at the horizon, customers": means(results, "pool_end", "mean"),
    }
    for label, expected in pairs.items():
        assert row(summary, label) == pytest.approx(expected, rel=1e-9, abs=1e-9), label
    assert row(book["Bridge"], "NPV (sum of the lines)") == pytest.approx(means(results, "npv", "mean"), rel=1e-9)
    largest = max(map(abs, means(results, "npv", "mean")))
    assert row(summary, "Check: NPV above less the run's own (rounding only)") == pytest.approx(
        [0.0] * len(results.arms), abs=1e-9 * largest
    )
    assert row(book["Bridge"], "Check: less the sum above (rounding only)") == pytest.approx([0.0], abs=1e-9 * largest)


def test_differences_from_the_baseline_are_the_runs(shown, every):
    cells = row(shown["Summary"], "NPV against the baseline")
    expected = [
        arm["versus_baseline"]["npv"]["mean"] for name, arm in every.report["arms"].items() if name != "baseline"
    ]
    largest = max(map(abs, means(every, "npv", "mean")))
    assert cells[1:] == pytest.approx(expected, rel=1e-9, abs=1e-9 * largest)


def test_every_formula_only_adds_up_and_compares_cells(written):
    for sheet in written:
        for cell in (cell for line in sheet.iter_rows() for cell in line if cell.data_type == "f"):
            assert set(re.findall(r"[A-Za-z]+(?=\()", cell.value)) <= {"SUM", "IF", "MIN", "MAX"}, cell.value
            assert set(re.findall(r"\w+(?=!)", cell.value)) <= {"Monthly"}, cell.value
            assert not re.search(r"[\"'|&@\[\]]", cell.value), cell.value


def test_every_key_of_the_scenario_is_an_input(shown, every):
    keys = [cell.value for cell in shown["Inputs"]["A"]]
    assert "run.seed" in keys
    assert "segments.small.annual_churn" in keys
    assert row(shown["Inputs"], "segments.small.annual_churn")[0] == 0.25


def test_the_run_can_be_identified(shown, every):
    assert row(shown["Provenance"], "Scenario hash (SHA-256)") == [every.report["scenario"]["sha256"]]


def test_there_are_three_native_charts(path):
    with zipfile.ZipFile(path) as file:
        assert len([name for name in file.namelist() if re.match(r"xl/charts/chart\d", name)]) == 3


def test_waits_and_large_customers_stand_among_the_measures(run, tmp_path):
    book = openpyxl.load_workbook(run("watched").workbook(tmp_path / "workbook.xlsx"), data_only=True)
    lines = {(line[0], line[1]): line[2] for line in book["Measures"].iter_rows(values_only=True)}
    told = run("watched").report["arms"]["retention"]
    assert lines["Wait at the service desk", "retention"] == told["desk"]["all"]["wait_minutes"]["mean"]
    assert lines["HHI", "retention"] == told["concentration"]["herfindahl"]["mean"]


# -- single things ----------------------------------------------------------------------------------------------


def test_titles_that_look_like_formulas_are_text(run, tmp_path):
    book = openpyxl.load_workbook(run("hostile").workbook(tmp_path / "workbook.xlsx"))
    cells = [cell for line in book["Monthly"].iter_rows(max_col=1) for cell in line]
    for text in ("=cmd|' /C calc'!A1", "<script>alert(1)</script>", "+1 😀 שלום مرحبا"):
        found = [cell for cell in cells if cell.value == text]
        assert found
        assert {cell.data_type for cell in found} == {"s"}


def test_a_second_workbook_has_the_same_bytes(plain, tmp_path):
    assert plain.workbook(tmp_path / "a.xlsx").read_bytes() == plain.workbook(tmp_path / "b.xlsx").read_bytes()


@pytest.mark.parametrize("name", ["plain", "loss", "hostile", "watched"])
def test_libreoffice_comes_to_the_same_totals(run, tmp_path, soffice, name):
    path = run(name).workbook(tmp_path / "workbook.xlsx")
    forget_results(path, tmp_path / "bare.xlsx")
    assert row(openpyxl.load_workbook(tmp_path / "bare.xlsx", data_only=True)["Summary"], "NPV") == []
    check_totals(openpyxl.load_workbook(soffice(tmp_path / "bare.xlsx", "xlsx"), data_only=True), run(name))


def forget_results(path, to):
    """Copy a workbook without what its formulas came to, so that whoever shows it must calculate."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = re.sub(rb"(</f>)<v>[^<]*</v>", rb"\1", part)
            new.writestr(name, part)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234.5, "#,##0;-#,##0"), (12.5, "#,##0.00;-#,##0.00"), (0.25, "0.0000;-0.0000"), (1e-9, "General")],
)
def test_numbers_are_shown_with_as_many_digits_as_their_size_takes(value, shown):
    assert number_format(value) == shown
