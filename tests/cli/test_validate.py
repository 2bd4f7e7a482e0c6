"""The command `validate`."""

WRONG = """\
title = "Wrong"
[pool]
customers = -1
[segments.small]
annual_churn = 22
prize = 3
"""


def test_a_valid_file_is_said_to_be_valid_with_its_counts(play):
    result = play("validate", "quick.toml")
    assert result.stdout == "quick.toml: valid (1 segment, 1 channel, 3 arms)\n"


def test_all_problems_of_all_files_are_told_at_once(here, play):
    (here / "wrong.toml").write_text(WRONG, encoding="utf-8")
    result = play("validate", "wrong.toml", "quick.toml", "missing.toml", code=3)
    assert result.stdout == "quick.toml: valid (1 segment, 1 channel, 3 arms)\n"
    lines = result.stderr.splitlines()
    assert [line.partition(" ")[0] for line in lines if line.startswith("wrong")] == [
        "wrong.toml:3:1",
        "wrong.toml:5:1",
        "wrong.toml:6:1",
    ]
    assert any(line.startswith("missing.toml") for line in lines)


def test_warnings_name_their_file_and_stay_off_stdout(play):
    result = play("validate", "quick.toml", "--set", "churn.target_annual=0.01")
    assert "warning: quick.toml: churn.target_annual" in result.stderr
    assert "warning" not in result.stdout


def test_set_is_checked_like_the_file(play):
    assert "did you mean" in play("validate", "quick.toml", "--set", "segments.small.prise=3", code=3).stderr


def test_json_holds_the_problems(here, answer):
    (here / "wrong.toml").write_text(WRONG, encoding="utf-8")
    found = answer("validate", "quick.toml", "wrong.toml", code=3)
    assert not found["valid"]
    assert [file["valid"] for file in found["files"]] == [True, False]
    assert len(found["files"][1]["problems"]) == 3
    assert found["files"][0]["arms"] == ["baseline", "retention", "advertising"]


def test_a_file_must_be_named(play):
    assert "FILE" in play("validate", code=2).stderr
