"""The command `story`: whose life it tells, in which arm, and what it says where it cannot."""

import re

import pandas as pd
import pytest

from retainsim.study.story import SENTENCES

CLIENT = """
[[accounts]]
name = "Acme Ltd"
segment = "small"
volume = 40
"""
STORY = ("story", "quick.toml")
TRACED = "run", "quick.toml", "--no-charts", "--trace", "-o", "desk"


@pytest.fixture
def lives(here, play):
    """Everything that happened in the quick scenario: one row per event."""
    play("run", "quick.toml", "--no-charts", "--trace", "-o", "traced")
    return pd.read_parquet(here / "traced" / "events.parquet")


def who(lives, what, arm="baseline"):
    """Return the identities of those to whom something happened in an arm, in order of time."""
    return lives.loc[(lives["what"] == what) & (lives["arm"] == arm), "customer"].to_list()


def test_without_a_name_an_eventful_life_is_told(lives, play):
    head, *sentences = play(*STORY).stdout.splitlines()
    assert head.startswith("Customer ")
    assert head.endswith(", Baseline, replication 0:")
    assert len(sentences) >= 3
    assert sentences[-1].startswith("Worth ")


def test_a_life_is_told_from_its_beginning_to_its_end(lives, play):
    (mine,) = set(who(lives, "join")[:1])
    events = lives[(lives["customer"] == mine) & (lives["arm"] == "baseline")]
    sentences = play(*STORY, "--customer", mine).stdout.splitlines()
    assert sentences[1] == f"Month {events['month'].min():.1f}: joined through advertising."
    ends = [sentence for sentence in sentences if ": left for " in sentence]
    assert len(ends) == (events["what"] == "leave").sum()


def test_what_a_life_was_worth_is_what_was_posted_to_it(lives, play):
    mine = who(lives, "leave")[0]
    paid = lives[(lives["customer"] == mine) & (lives["arm"] == "baseline") & (lives["what"] == "money")]
    sums = paid.groupby("line", observed=True)["amount"].sum()
    worth = 2 * sums["revenue"] - sums.sum()
    last = play(*STORY, "--customer", mine).stdout.splitlines()[-1]
    sign = "-" if worth < 0 else ""
    assert last.startswith(f"Worth {sign}EUR {abs(worth):,.2f} to the firm in this run, undiscounted (")
    assert f"revenue EUR {sums['revenue']:,.2f}" in last


def test_a_few_letters_of_the_identity_are_enough(lives, play):
    mine = who(lives, "opening")[0]
    known = set(lives.loc[lives["arm"] == "baseline", "customer"])
    few = next(mine[:n] for n in range(1, 17) if sum(each.startswith(mine[:n]) for each in known) == 1)
    whole = play(*STORY, "--customer", mine).stdout
    assert play(*STORY, "--customer", few).stdout == whole
    assert play(*STORY, "--customer", few.upper()).stdout == whole


def test_too_few_letters_are_wrong_usage_with_examples(lives, play):
    letters = pd.Series(who(lives, "opening")).str[0]
    said = play(*STORY, "--customer", letters.mode()[0], code=2).stderr
    assert "several customers begin with" in said
    assert "give an identity such as" in said


def test_an_unknown_customer_is_wrong_usage_with_examples(play):
    result = play(*STORY, "--customer", "nobody", code=2)
    assert "no customer begins with 'nobody'" in result.stderr
    assert "give an identity such as" in result.stderr
    assert result.stdout == ""


def test_an_unknown_arm_is_wrong_usage(play):
    said = play(*STORY, "--arm", "nowhere", code=2).stderr
    assert "no arm 'nowhere'; the arms are baseline, retention, advertising" in said


def test_a_firm_without_customers_has_no_story(play):
    words = ("--set", "pool.customers=0", "--set", "acquisition.advertising.joins=1e-9")
    assert "there is no customer in this arm and replication" in play(*STORY, *words, code=2).stderr


def test_json_is_the_same_sentences(play, answer):
    assert answer(*STORY)["story"] == play(*STORY).stdout.splitlines()


def test_the_same_customer_has_the_same_start_in_two_arms(lives, play):
    both = [each for each in who(lives, "join") if each in set(who(lives, "join", "retention"))]
    for mine in both[:3]:
        here, there = (play(*STORY, "--customer", mine, "--arm", arm).stdout for arm in ("baseline", "retention"))
        assert here.splitlines()[1] == there.splitlines()[1]
        assert "Baseline" in here.splitlines()[0]
        assert "Five points more retention" in there.splitlines()[0]


def test_another_replication_is_another_life(play):
    first, second = (play(*STORY, "--replication", n).stdout for n in (0, 1))
    assert ", replication 1:" in second
    assert first.splitlines()[1:] != second.splitlines()[1:]


def test_a_named_client_is_told_by_its_name(here, play):
    path = here / "quick.toml"
    path.write_text(path.read_text(encoding="utf-8") + CLIENT, encoding="utf-8")
    sentences = play(*STORY, "--customer", "Acme Ltd").stdout.splitlines()
    assert sentences[0] == "Acme Ltd, Baseline, replication 0:"
    assert sentences[1] == "Month 0.0: a named client already, in the segment small."


def test_what_happens_again_and_again_is_told_once(play):
    busy = ("--set", 'mechanisms.failures={ rate = 4, complain = 0, strain = 0, reason = "price" }')
    text = play(*STORY, *busy).stdout
    assert " times." in text
    assert text.count("met a failure") == 1


DESK = "mechanisms.service_desk={ agents = 1, contacts = 30, handling_minutes = 500, patience_minutes = 400, strain_per_hang_up = 0, strain_per_minute = 0 }"


def test_a_stretch_of_calls_is_told_at_once_with_what_did_not_go_well(here, play):
    play(*TRACED, "--set", DESK)
    lives = pd.read_parquet(here / "desk" / "events.parquet").query("arm == 'baseline'")
    calls = lives[lives["what"].isin(["contact", "hang_up"])].groupby("customer").size()
    mine = calls.idxmax()
    sentences = play(*STORY, "--set", DESK, "--customer", mine).stdout.splitlines()
    (told,) = [sentence for sentence in sentences if ": called " in sentence]
    what = lives[lives["customer"] == mine].set_index("month")["what"]
    lost, late = set(what.index[what == "hang_up"]), set(what.index[what == "wait"])
    assert f": called {calls.max()} times, hung up {len(lost)} times and waited longer than is tolerable " in told
    assert f" tolerable {len(late - lost)} times, " in told
    assert re.search(r" \d+ minutes at most\.$", told)


def test_one_call_is_told_as_it_was(play):
    rare = DESK.replace("contacts = 30", "contacts = 0.05")
    text = "".join(play(*STORY, "--set", rare, "--replication", n).stdout for n in range(4))
    assert re.search(
        r": called and (was answered at once|waited \d+ minutes?, longer|hung up after \d+ minutes?)", text
    )
    assert "after 0 minutes" not in text and " 1 minutes" not in text


def test_revenue_comes_first_in_what_a_life_was_worth(lives, play):
    assert "undiscounted (revenue EUR " in play(*STORY, "--customer", who(lives, "opening")[0]).stdout


def test_months_have_their_dates_where_the_scenario_has_one(play):
    sentences = play(*STORY, "--set", "run.start=2026-01-01").stdout.splitlines()
    assert re.match(r"[A-Z][a-z]+ 2026: (a customer already|joined through)", sentences[1])


def test_every_touch_of_the_mechanisms_has_a_sentence():
    from retainsim import mechanisms

    told = {touch for name in (*mechanisms.ALWAYS_ON, *mechanisms.NAMES)
            for touch in mechanisms.module(name).Mechanism.touches}  # fmt: skip
    assert told <= set(SENTENCES)
