"""The example programs, built once a session. A missing cmake or compiler is an error, not a skip."""

import time

import pytest

from fxtraced import sysconfig


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """Paths of the example programs by name."""
    start = time.perf_counter()
    built = sysconfig.build_examples(tmp_path_factory.mktemp("examples"))
    print(f"built {', '.join(built)} in {time.perf_counter() - start:.1f} s")
    return built
