"""require_version: scripts ask for the Paddle that they were written for."""

from __future__ import annotations

import re

from fxtraced.version import full_version


def require_version(min_version: str, max_version: str | None = None) -> None:
    """Raise RuntimeError unless min_version <= 2.6.2 <= max_version (paddle.utils.require_version).

    Raises TypeError and ValueError for what is no version.
    """
    if not isinstance(min_version, str):
        raise TypeError(f"require_version: min_version must be a str, but received {type(min_version)}")
    if not isinstance(max_version, str | None):
        raise TypeError(f"require_version: max_version must be a str or None, but received {type(max_version)}")
    own = _numbers(full_version)
    if _numbers(min_version) > own or (max_version is not None and own > _numbers(max_version)):
        wanted = f">= {min_version}" + (f" and <= {max_version}" if max_version is not None else "")
        raise RuntimeError(f"VersionError: PaddlePaddle {wanted} is required; this is the API of {full_version}.")


def _numbers(version: str) -> list[int]:
    if not re.fullmatch(r"\d+(\.\d+){0,3}", version):
        raise ValueError(f"require_version: a version is like 2.6.2, but received {version!r}")
    numbers = [int(part) for part in version.split(".")]
    return numbers + [0] * (4 - len(numbers))
