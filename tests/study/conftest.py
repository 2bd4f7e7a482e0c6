"""Conftest: the firm in closed form, for every question asked of it."""

import pytest

from study.firm import Firm


@pytest.fixture(scope="session")
def firm():
    return Firm()
