"""Fitted: the scenario says what the data were made with, runs untouched, and the verdict tells when it is wrong."""

import dataclasses
import functools
import io
import tomllib

import numpy as np
import pandas as pd
import pytest

import retainsim
from fit import firm
from retainsim import theory
from retainsim.calibration import calibrate
from retainsim.errors import DataError, UsageError
from retainsim.fit import backtest, holdout, observed, part, pool, replay, staying
from retainsim.fit.group import Groups
from retainsim.fit.mixture import BetaLaw, GammaLaw, StepsLaw

YEARS = (
    "Year,Regular,High End\n0,100,100\n1,63.1,86.9\n2,46.8,74.3\n3,38.2,65.3\n4,32.6,59.3\n5,28.9,55.1\n6,26.2,51.7\n"
    "7,24.1,49.1\n"
)  # Fader & Hardie 2007, years 1 to 7
LATER = {"regular": (22.3, 20.7, 19.4, 18.3, 17.3), "high_end": (46.8, 44.5, 42.7, 40.9, 39.4)}  # years 8 to 12


@functools.cache
def made(name):
    """Return a fit, made once: customers with dates, a retention table, purchases."""
    if name == "customers":
        return retainsim.fit(firm.customers(3_000, season=0.5), by="plan")
    if name == "retention":
        return retainsim.fit(pd.read_csv(io.StringIO(YEARS)))
    return retainsim.fit(firm.orders(1_500))


SHAPES = ("customers", "retention", "transactions")
every = pytest.mark.parametrize("name", SHAPES)


@every
def test_the_file_is_valid_and_runs_untouched(name):
    report = retainsim.run(made(name).scenario(), replications=2, jobs=1).report
    assert report["books"]["max_relative_error"] <= 1e-9
    assert [check for check in report["self_check"] if not check["ok"]] == []


@every
def test_every_number_has_a_comment(name):
    lines = made(name).text.splitlines()
    for above, line in zip(lines, lines[1:], strict=False):
        if " = " in line.partition("#")[0] and not line.startswith((" ", "#")):
            assert "#" in line or above.startswith("#"), line


@every
def test_what_the_data_do_not_say_is_marked(name):
    fit = made(name)
    marked = [line for line in fit.text.splitlines() if "FILL IN:" in line]
    assert len(marked) == len(fit.answer.report["fill_in"])
    assert any("gross_margin" in line for line in marked)


@every
def test_an_uncertain_file_holds_distributions_with_the_same_means_and_runs(name):
    sure = made(name).scenario().parameters
    unsure = retainsim.loads(made(name).draft.text(uncertain=True))
    assert unsure.distributions
    channel = next(iter(sure.acquisition))
    assert unsure.parameters.acquisition[channel].joins == pytest.approx(sure.acquisition[channel].joins, rel=0.01)
    assert retainsim.run(unsure, replications=2, jobs=1).report["run"]["uncertain_inputs"]


@pytest.mark.parametrize("name", ["customers", "retention"])
def test_the_same_data_give_the_same_file(name):
    text = made(name).text
    assert made.__wrapped__(name).text == text


def test_calibration_finds_the_fitted_hazards_again():
    """The law of the file at the churn of the file, to a part in a thousand: the file rounds to five digits."""
    fit = made("customers")
    scenario = fit.scenario().parameters
    bases = calibrate(scenario).bases
    for place, name in enumerate(bases.segments):
        law = fit.answer.report["segments"][name]["laws"][fit.answer.report["segments"][name]["law"]]
        first = law["estimates"]["annual_churn"]["mean"]
        assert 1 - bases.present(place, np.array([12.0]))[0] == pytest.approx(first, rel=2e-3)


def test_what_customers_were_made_with_is_found():
    """3,000 customers: base hazards 0.05 and 0.015 with gamma frailty of variance 0.6, within the 95 % intervals x 2."""
    segments = made("customers").answer.report["segments"]
    for name, (base, price) in firm.PLANS.items():
        found = segments[name]["first_year_churn"]
        true = 1 - (1 + 0.6 * 12 * base) ** (-1 / 0.6)
        assert abs(found["mean"] - true) < found["high"] - found["low"], name
        paid = price * np.exp(0.02)
        assert (
            abs(segments[name]["price"]["mean"] - paid)
            < segments[name]["price"]["high"] - segments[name]["price"]["low"]
        )


def test_reasons_channels_and_season_are_found():
    scenario = made("customers").scenario().parameters
    reasons = scenario.churn.shares()
    n = sum(reasons.values())
    for name, share in {"price": 0.5, "product": 0.3, "moved": 0.2}.items():
        assert theory.within(reasons[name] / n, share, theory.binomial_se(share, n)), name
    assert set(scenario.acquisition) == {"ads", "friends", "partner"}
    season = np.array(scenario.acquisition["ads"].seasonality)
    swing = 1 + 0.5 * np.sin(2 * np.pi * (np.arange(12) + 0.5) / 12)
    assert np.corrcoef(season, swing)[0, 1] > 0.9


def test_the_pool_is_who_is_present_with_their_tenures():
    frame, scenario = firm.customers(3_000, season=0.5), made("customers").scenario().parameters
    present = frame[frame.cancel_date == ""]
    assert scenario.pool.customers == len(present)
    months = (pd.Timestamp(str(scenario.run.start)) - pd.to_datetime(present.signup_date)).dt.days / firm.DAYS
    for name, segment in scenario.segments.items():
        mine = months[present.plan == name]
        assert segment.tenures[10] == pytest.approx(mine.median(), abs=0.2)
        assert segment.share == len(mine)


def test_the_verdict_of_right_numbers_is_that_they_reproduce_what_was_seen():
    fit = made("customers")
    assert fit.verdict[0].startswith("The scenario reproduces")
    assert fit.checks["agrees"].mean() > 0.85


def test_the_verdict_of_wrong_numbers_says_where_they_part():
    """The same customers, played with twice the hazard."""
    frame = firm.customers(2_000, variance=0)
    found = customers_of(frame)
    groups = Groups(("customers",), ("all",), np.zeros(len(found), dtype=np.int64))
    right = part.fit_parts(found, groups, 0.0)
    law = right[0].fit.law
    wrong = [
        dataclasses.replace(
            right[0], fit=dataclasses.replace(right[0].fit, law=GammaLaw(2 * law.cumulative(np.array([12.0]))[0]))
        )
    ]
    seen = observed.observe(found, groups, 36)
    outcomes = []
    for parts in (right, wrong):
        checks, _ = backtest.months(seen, replay.calendar(parts, seen, replications=8))
        outcomes.append([check.agrees for check in checks])
    assert all(outcomes[0])
    assert not any(outcomes[1])
    checks, _ = staying.survival(wrong, replay.lives(wrong, 36, replications=4))
    assert [check.said for check in checks if not check.agrees]
    for check in checks:  # a whole sentence: see the verdict
        assert f"{100 * check.observed:.1f} % of customers are still there as observed" in check.said
        assert check.said.endswith(f"{100 * check.simulated:.1f} % as simulated")


def customers_of(frame):
    from retainsim.fit import customers, shape
    from retainsim.fit.audit import Audit
    from retainsim.fit.reader import Reader
    from retainsim.fit.table import of_frame

    audit = Audit()
    table = of_frame(frame, audit)
    return customers.read(Reader(table, shape.find(table, {})[1], audit))


def test_observed_months_balance():
    """Customers at the start, plus joins, less leavings, are those at the end, month by month and segment by segment."""
    found = customers_of(firm.customers(2_000))
    codes = (found.frame["plan"] == "plus").to_numpy().astype(np.int64)
    seen = observed.observe(found, Groups(("basic", "plus"), ("a", "b"), codes), 24)
    assert np.array_equal(np.diff(seen.pool, axis=0), seen.joined - seen.left)
    assert seen.pool[-1].sum() == found.present.sum()


def test_nothing_of_the_months_held_out_is_known_before_them():
    found = customers_of(firm.customers(2_000))
    earlier, known = holdout.before(found, 12)
    cut = found.until - 12 * firm.DAYS
    assert (earlier.joined < cut).all()
    end = earlier.joined + earlier.spells.exit * firm.DAYS
    assert end.max() <= cut + 1e-6
    later = found.joined[known] + found.spells.exit[known] * firm.DAYS
    assert not (earlier.spells.left & (later > cut + 1e-6)).any()


@pytest.mark.parametrize(
    "law", [GammaLaw(0.4), GammaLaw(0.4, 1.2, 0.8), StepsLaw((3.0, 12.0), (0.1, 0.0, 0.03)), BetaLaw(0.7, 1.2)]
)
def test_a_law_played_raw_is_the_law(law):
    """20,000 newcomers over 24 months, 4 standard errors, at every whole year."""
    found = customers_of(firm.customers(600))
    one = part.fit_parts(found, Groups(("customers",), ("all",), np.zeros(len(found), dtype=np.int64)), 0.0)[0]
    n = 20_000
    spells = dataclasses.replace(one.spells, weight=np.full(len(one.spells), n / len(one.spells)))
    made_up = dataclasses.replace(one, fit=dataclasses.replace(one.fit, law=law), spells=spells)
    played = replay.lives([made_up], 24, replications=2)
    for month in (12, 24):
        share = float(law.survival(np.array([float(month)]))[0])
        assert theory.within(played.mean[month, 0], share, theory.binomial_se(share, 2 * n)), month


def test_the_churn_of_a_pool_is_that_of_its_customers():
    law, at = GammaLaw(0.4, 1.2), [0.0, 6.0, 30.0]
    tenure = np.interp(np.linspace(0, 1, 100_001), [0, 0.5, 1], at)
    lost = 1 - np.mean(law.survival(tenure + 12) / law.survival(tenure))
    assert 1 - np.exp(-pool.passed(law, at)) == pytest.approx(lost, abs=1e-5)


def test_a_retention_table_gives_the_published_parameters():
    """Fader & Hardie 2007: sBG by maximum likelihood on years 1 to 7: .704, 1.182 and .668, 3.806."""
    segments = made("retention").answer.report["segments"]
    for name, (a, b) in {"regular": (0.704, 1.182), "high_end": (0.668, 3.806)}.items():
        found = segments[name]["laws"]["sbg"]["estimates"]
        assert found["a"]["mean"] == pytest.approx(a, abs=6e-4)
        assert found["b"]["mean"] == pytest.approx(b, abs=6e-4)


def test_a_retention_table_foretells_the_years_after_it():
    """Years 8 to 12 within 5 per cent of what was observed, from the scenario as it is written."""
    scenario = made("retention").scenario().parameters
    bases = calibrate(scenario).bases
    for place, name in enumerate(bases.segments):
        found = 100 * bases.present(place, 12.0 * np.arange(8, 13))
        assert found == pytest.approx(np.array(LATER[name]), rel=0.05), name


@pytest.mark.parametrize("layout", ["long", "wide", "tall"])
def test_a_retention_table_may_be_laid_out_in_any_way(layout):
    alive = {"2024-01": [1000, 700, 560, 470], "2024-02": [800, 560, 450], "2024-03": [900, 640]}
    if layout == "long":
        frame = pd.DataFrame([(name, month, n) for name, each in alive.items() for month, n in enumerate(each)],
                             columns=["cohort", "month", "customers"])  # fmt: skip
    else:
        frame = pd.DataFrame({name: pd.Series(each) for name, each in alive.items()}).T.add_prefix("month ")
        frame = frame.rename_axis("cohort").reset_index()
        if layout == "tall":
            frame = pd.DataFrame({"month": range(4)} | {name: pd.Series(each) for name, each in alive.items()})
    fit = retainsim.fit(frame)
    scenario = fit.scenario().parameters
    assert scenario.pool.customers == 470 + 450 + 640
    assert fit.answer.report["period_months"] == 1
    assert sorted({round(month) for month in scenario.segments["customers"].tenures}) == [1, 2, 3]
    assert scenario.acquisition["advertising"].joins == pytest.approx(900)
    cells = fit.tables["cohorts"]
    assert len(cells) == 9
    assert cells.observed.tolist() == pytest.approx([n / each[0] for each in alive.values() for n in each])
    assert fit.plot("fitted_cohorts")


def test_survivors_that_rise_are_refused_with_their_row():
    frame = pd.DataFrame({"cohort": ["a"] * 4, "month": range(4), "customers": [100, 80, 90, 70]})
    with pytest.raises(DataError, match=r"row 0: a: survivors rise from 80 to 90 in period 2"):
        retainsim.fit(frame)


def test_survivors_of_one_cohort_that_rise_are_refused_with_their_period():
    with pytest.raises(DataError, match="Regular: survivors rise from 47 to 60 in period 3"):
        retainsim.fit(pd.DataFrame({"year": [0, 1, 2, 3], "Regular": [100, 63, 47, 60], "Basic": [100, 80, 70, 60]}))


def test_who_won_nobody_lately_gets_a_file_without_channels():
    frame = firm.orders(800)
    first = pd.to_datetime(frame.groupby("customer_id")["order_date"].transform("min"))
    found = retainsim.fit(frame[first < "2024-01-01"])
    assert "acquisition" not in tomllib.loads(found.text)
    assert list(found.scenario().arms) == ["baseline", "habit"]


def test_a_law_of_one_hazard_is_written_without_a_list_of_factors():
    law = StepsLaw((), (0.05,))
    assert law.shape() == {}
    assert pool.first_year(law) == pytest.approx(1 - np.exp(-0.6))


def test_shares_of_reasons_have_intervals():
    block = made_with_reasons().partition("[churn.reasons]")[2].partition("[acquisition")[0]
    lines = [line for line in block.splitlines() if "leavings; " in line]
    assert len(lines) == 3
    assert all("95 %" in line for line in lines)


def made_with_reasons():
    return made("customers").text


def test_a_survival_that_parts_is_said_in_a_whole_sentence():
    found = customers_of(firm.customers(1_000, years=3))
    parts = part.fit_parts(found, Groups(("all",), ("all",), np.zeros(len(found), dtype=np.int64)), 0.0)
    flat = np.full((37, 1), 0.5)
    checks, _ = staying.survival(parts, replay.Played(flat, flat, flat, flat))
    assert checks[0].said.startswith("after 12 months ")
    assert checks[0].said.endswith(" % of all are still there as observed, 50.0 % as simulated")


def test_purchases_give_the_laws_they_were_made_with():
    """1,500 buyers: r .8, alpha 2, a .8, b 2.5, within twice the half-width of the intervals."""
    found = made("transactions").answer.report["segments"]["buyers"]["estimates"]
    for name, true in firm.BUYING.items():
        estimate = found[name]
        assert abs(estimate["mean"] - true) < estimate["high"] - estimate["low"], name


def test_who_is_active_is_counted_by_chance():
    """Of made-up buyers one knows who has dropped out; 4 standard errors of a sum of chances."""
    frame = firm.orders(1_500)
    active = frame.groupby("customer_id").active.first().sum()
    assert made("transactions").scenario().parameters.pool.customers == pytest.approx(
        active, abs=4 * np.sqrt(1_500) / 2
    )


def test_columns_that_tell_make_the_segments():
    frame = firm.customers(4_000)
    found = retainsim.fit(frame)
    assert set(found.scenario().parameters.segments) == {"basic", "plus"}
    assert "segments by plan" in " ".join(str(note) for note in found.audit.notes)


def test_a_column_without_enough_leavings_makes_no_segments():
    frame = firm.customers(2_000).assign(rank=np.arange(2_000).astype(str))
    with pytest.raises(DataError, match="--by rank: it has 2,000 different values"):
        retainsim.fit(frame, by="rank")


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        ({"columns": {"begin": "signup_date"}}, UsageError, "there is no 'begin'"),
        ({"columns": {"start": "nowhere"}}, DataError, "there is no such column"),
        ({"by": "plann"}, DataError, 'did you mean "plan"'),
        ({"observed_until": "soon"}, UsageError, "'soon' is no date"),
        ({"shape": "triangle"}, UsageError, "it may be customers"),
    ],
)
def test_wrong_wishes_are_refused(asked, error, message):
    with pytest.raises(error, match=message):
        retainsim.fit(firm.customers(300), **asked)


def test_a_fit_shows_itself_in_a_notebook():
    shown = made("customers")._repr_html_()
    assert "The scenario reproduces" in shown
    assert "<table" in shown


def test_the_folder_of_a_fit_holds_report_and_charts(tmp_path):
    fit = made("customers")
    folder = fit.save(tmp_path / "mine")
    names = {path.name for path in (folder / "charts").iterdir()}
    assert names == {"fitted_survival.png", "backcast.png", "fitted_cohorts.png", "fitted_incidence.png"}
    page = (folder / "report.html").read_text("utf-8")
    assert "FILL IN" in page
    assert page.count("<svg") == 4
    assert "http://" not in page.replace("http://www.w3.org", "")
    again = retainsim.study.answer.open_answer(folder)
    assert again.verdict == fit.verdict
    assert tomllib.loads((folder / "scenario.toml").read_text("utf-8")) == tomllib.loads(fit.text)


@pytest.mark.long
def test_a_million_rows_take_less_than_a_minute_and_two_gigabytes(tmp_path):
    import subprocess
    import sys

    path = tmp_path / "million.csv"
    firm.customers(1_000_000, growth=0.1).to_csv(path, index=False)
    code = (
        f"import resource, retainsim; retainsim.fit({str(path)!r}); "
        "used = resource.getrusage(resource.RUSAGE_SELF); print(used.ru_utime + used.ru_stime, used.ru_maxrss / 1e6)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    seconds, gigabytes = map(float, done.stdout.split())
    assert seconds < 60
    assert gigabytes < 2


def test_bands_hold_as_many_months_as_they_say():
    """Coverage as it is told is counted from the table; of right numbers nine months in ten are within 95 %."""
    fit = made("customers")
    table = fit.tables["months"]
    for check in fit.answer.report["checks"]:
        if check["months"] is not None and check["name"] == "leavings month by month":
            mine = table[(table.series == "left") & ~table.held_out]
            inside = ((mine.observed >= mine.low) & (mine.observed <= mine.high)).sum()
            assert (check["inside"], check["months"]) == (inside, len(mine))
            assert inside >= 0.9 * len(mine)


@pytest.mark.long
def test_the_interval_of_a_pools_churn_holds_the_truth_as_often_as_it_says():
    """60 firms of 1,500 customers with known hazards: 95 % of intervals, 4 standard errors."""
    held = 0
    for seed in range(60):
        found = customers_of(firm.customers(1_500, seed=100 + seed))
        codes = (found.frame["plan"] == "plus").to_numpy().astype(np.int64)
        for one, (base, _) in zip(
            part.fit_parts(found, Groups(("basic", "plus"), ("a", "b"), codes), 0.0), firm.PLANS.values(), strict=True
        ):
            before, after = (1 + 0.6 * base * one.present, 1 + 0.6 * base * (one.present + 12))
            true = 1 - np.mean((after / before) ** (-1 / 0.6))
            held += true in one.churn
    assert theory.within(held / 120, 0.95, theory.binomial_se(0.95, 120)), held


def test_a_channel_may_be_called_as_those_of_month_0_are():
    frame = firm.customers(600, years=2)
    found = retainsim.fit(frame.assign(channel=frame["channel"].replace("ads", "Existing")), by="none")
    assert "existing_channel" in tomllib.loads(found.text)["acquisition"]
    found.scenario()


def test_rows_used_and_left_out_are_all_rows(tmp_path):
    lines = firm.customers(600, years=2).to_csv(index=False).splitlines()
    lines[7], lines[9] = "too,few", f"{lines[9]},too many"
    (tmp_path / "ragged.csv").write_text("\n".join(lines), encoding="utf-8")
    data = retainsim.fit(tmp_path / "ragged.csv", by="none").answer.report["data"]
    assert (data["rows"], data["used"], data["left_out"]) == (600, 598, 2)
