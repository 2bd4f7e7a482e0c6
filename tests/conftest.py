"""Conftest: lets any test import the reference model and the helpers of the theory tests."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "theory")]
