"""The example programs, built once a session. A missing cmake or compiler is an error, not a skip."""

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # tests/, for the sample models

from fxtraced import sysconfig


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """Paths of `predict` and `predict_named`."""
    start = time.perf_counter()
    built = sysconfig.build_examples(tmp_path_factory.mktemp("examples"))
    print(f"built {', '.join(built)} in {time.perf_counter() - start:.1f} s")
    return built
