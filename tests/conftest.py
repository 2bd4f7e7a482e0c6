"""Conftest: lets any test import the reference model and the helpers of the theory tests, and keeps the cache here."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # the tests run on all cores already
HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE / "theory")]
os.environ["RETAINSIM_CACHE"] = str(HERE.parent / ".pytest_cache" / "retainsim")
