"""The chart of leaks: what it says, how sure it is, and when there is none."""

import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle
from visible_text import texts

from retainsim.charts import NAMES, draw, leaks, names_of
from retainsim.charts.colours import reason_colours
from retainsim.errors import UsageError


def title(found):
    return found.plot.leaks().figure.get_label().replace("\u00a0", " ")


def written(found):
    return " ".join(text.get_text() for text in texts(found.plot.leaks().figure)).replace("\u00a0", " ")


def test_a_run_that_did_not_look_at_its_leaks_says_how_to_get_the_chart(plain):
    with pytest.raises(UsageError, match=r"run it with leaks=True \(--leaks\)"):
        plain.plot.leaks()
    assert "leaks" not in dir(plain.plot)
    assert names_of(plain) == NAMES


def test_a_run_that_looked_at_its_leaks_has_the_chart(run, tmp_path):
    assert "leaks" in dir(run("leaky").plot)
    paths = draw(run("leaky"), tmp_path, formats=["svg"])
    assert [path.stem for path in paths] == [*NAMES, "leaks", "whale_curve"]


def test_leaks_are_those_of_the_baseline(run):
    with pytest.raises(UsageError, match="arm 'retention'; leaks are those of the baseline"):
        run("leaky").plot.leaks(arm="retention")
    assert run("leaky").plot.leaks(arm="baseline")


def test_a_leak_worth_more_than_all_others_is_said_to_be(run):
    said = title(run("leaks_many"))
    assert said.startswith("Closing “indifference” is worth EUR 7.0 m (95 %: EUR 6.88 m to EUR 7.14 m)")
    assert said.endswith("more than the other seven reasons added up")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("leaks_equal", "not clearly more than “service” with EUR 3.9 k"),
        ("leaks_unsure", "No reason is clearly worth closing: the first, “price”, comes to EUR 4.0 k"),
        ("leaks_negative", "No reason is worth closing: the first, “price”, comes to −EUR 4.0 k"),
        ("leaks_none", "Nobody leaves in two months"),
        ("leaks_tiny", "more than the other two reasons added up"),
        ("leaks_two", "worth EUR 4.0 k (95 %: EUR 3.90 k to EUR 4.10 k), ahead of “service” with EUR 3.0 k"),
    ],
)
def test_the_title_says_no_more_than_the_intervals_bear_out(run, name, says):
    assert says in title(run(name))


def test_reasons_come_before_mechanisms_and_the_most_valuable_first(run):
    found = written(run("leaks_many"))
    order = ["Reasons", "indifference", "service at the desk", "competition", "Mechanisms", "service desk", "failures"]
    ys = {t.get_text(): t.get_position()[1] for t in texts(run("leaks_many").plot.leaks().figure)}
    assert all(each in found for each in order)
    assert [ys[each] for each in order] == sorted((ys[each] for each in order), reverse=True)


def test_there_are_at_most_twelve_rows_and_a_note_says_what_is_left_out(run):
    rows = leaks.rows_of(leaks.Subject(run("leaks_long")))
    assert len(rows) == 12
    assert sum(row.kind == "mechanism" for row in rows) == 3
    assert "Not shown: three reasons, each $ 40 tn or less." in written(run("leaks_long"))
    assert "Not shown" not in written(run("leaky"))


def test_a_row_says_how_many_leave_through_it_and_how_many_of_those_spared_leave_anyway(run):
    rows = {row.name: row for row in leaks.rows_of(leaks.Subject(run("leaks_many")))}
    assert (rows["indifference"].left, rows["indifference"].anyway) == ("2,988", "25\u00a0%")
    assert (rows["breach"].left, rows["breach"].anyway) == ("0", "–")
    assert leaks._share(1.2) == "over 100\u00a0%"
    assert leaks._share(-0.1) == "0\u00a0%"


def test_a_bar_is_as_long_as_the_leak_is_worth_and_has_the_colour_of_its_reason(run):
    found = run("leaky")
    ax = found.plot.leaks()
    bars = [bar for bar in ax.patches if isinstance(bar, Rectangle)]
    table = found.leaks[found.leaks["kind"] == "reason"]
    worth = {bar.get_y(): bar.get_width() for bar in bars}
    assert [worth[y] for y in sorted(worth, reverse=True)][: len(table)] == pytest.approx(table["npv"].to_list())
    assert to_hex(bars[0].get_facecolor()) == reason_colours(found)[table["leak"].iloc[0]].lower()
