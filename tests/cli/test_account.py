"""The command account: its answer as JSON and on terminals, and what it refuses."""

import pytest
from rich.cells import cell_len

TABLES = """
[[accounts]]
name = "Nordwind AG"
segment = "small"
volume = 40
discount = 0.4
cost_to_serve = 200
annual_churn = 0.1
"""
OTHER = TABLES.replace("Nordwind AG", "Süd & Söhne").replace("0.4", "0.7")


@pytest.fixture
def clients(here):
    """Write a scenario with one client and one with two."""
    text = (here / "quick.toml").read_text(encoding="utf-8")
    (here / "one.toml").write_text(text + TABLES, encoding="utf-8")
    (here / "two.toml").write_text(text + TABLES + OTHER, encoding="utf-8")
    return here


def test_the_answer_has_the_keys_that_were_promised(clients, answer):
    (found,) = answer("account", "one.toml", "Nordwind AG", "--offer", "0.3", "--release-at", "2", "--no-charts")[
        "accounts"
    ]
    assert found["name"] == "Nordwind AG"
    assert list(found["options"]) == ["keep", "renegotiate", "release"]
    assert found["options"]["renegotiate"]["offer"] == 0.3
    assert found["options"]["release"]["at_month"] == 2
    for option in found["options"].values():
        assert {"mean", "low", "high"} <= set(option["npv_vs_keep"])
        assert 0 <= option["p_right"] <= 1
        assert option["expected_loss"] >= 0
    assert found["advice"] in found["options"]
    assert {"mean", "low", "high"} <= set(found["breakeven_discount"])
    assert all({"kind", "part", "mean", "low", "high"} <= set(part) for part in found["bridge"])


def test_charts_and_tables_lie_in_the_folder(clients, play):
    play("account", "two.toml", "-o", "found")
    assert sorted(path.name for path in (clients / "found" / "charts").iterdir()) == ["whale.png", "whale.svg"]
    assert {"answer.json", "clients.parquet", "options.parquet", "bridge.parquet"} <= {
        path.name for path in (clients / "found").iterdir()
    }


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("file", ["one.toml", "two.toml"])
def test_no_table_is_wider_than_the_terminal(clients, play, file, width):
    text = play("account", file, "--no-charts", env={"COLUMNS": str(width)}).stdout
    table = text[text.index("\n\n") + 2 :].splitlines()
    assert max(cell_len(line) for line in table if not line.startswith(("NPV ", "Worth: "))) <= width
    assert "…" not in text


def test_a_verdict_comes_first(clients, play):
    assert play("account", "one.toml", "--no-charts").stdout.startswith("Advice on Nordwind AG: ")


def test_a_client_that_is_not_there_is_asked_back(clients, play):
    result = play("account", "two.toml", "Nordwin", code=2)
    assert 'did you mean "Nordwind AG"?' in result.stderr
    assert "to which client" in play("account", "two.toml", "--offer", "0.1", code=2).stderr
    assert "[[accounts]]" in play("account", "quick.toml", code=2).stderr
