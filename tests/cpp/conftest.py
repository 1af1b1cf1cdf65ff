"""What tests run in C++, made once a session. A missing cmake or compiler is an error, not a skip."""

import time

import pytest

from fxtraced import sysconfig
from tests.cpp import hand_made as archives


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """Paths of the example programs by name."""
    start = time.perf_counter()
    built = sysconfig.build_examples(tmp_path_factory.mktemp("examples"))
    print(f"built {', '.join(built)} in {time.perf_counter() - start:.1f} s")
    return built


@pytest.fixture(scope="session")
def hand_made(tmp_path_factory):
    """(directory with archives, the module in it)."""
    directory = tmp_path_factory.mktemp("hand_made")
    return directory, archives.write(directory)
