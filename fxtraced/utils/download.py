"""Files that Paddle's model code downloads (paddle.utils.download): here they are only looked up."""

from __future__ import annotations

import hashlib
import os
from typing import Any

__all__ = ["get_weights_path_from_url"]

WEIGHTS_HOME = os.path.expanduser("~/.cache/paddle/hapi/weights")


def is_url(path: str) -> bool:
    """True for http:// and https://."""
    return path.startswith(("http://", "https://"))


def get_weights_path_from_url(url: str, md5sum: str | None = None) -> str:
    """The file of this URL's name in Paddle's cache of weights, ~/.cache/paddle/hapi/weights.

    Differs from Paddle: nothing is downloaded. Raises FileNotFoundError when the file is not there, naming the place.
    """
    return get_path_from_url(url, WEIGHTS_HOME, md5sum)


def get_path_from_url(
    url: str,
    root_dir: str,
    md5sum: str | None = None,
    check_exist: bool = True,
    decompress: bool = True,
    method: str = "get",
) -> str:
    """The file of this URL's name in root_dir.

    Differs from Paddle: nothing is downloaded or unpacked; check_exist, decompress and method change nothing.
    Raises FileNotFoundError when the file is not there or has another md5sum, ValueError for what is no URL.
    """
    if not is_url(url):
        raise ValueError(f"get_path_from_url: url must begin with http:// or https://, but is {url!r}")
    path = os.path.join(root_dir, url.split("?")[0].rsplit("/", 1)[-1])
    if not os.path.exists(path):
        raise FileNotFoundError(f"fxtraced downloads nothing: get {url} and put it at {path}")
    if md5sum is not None and os.path.isfile(path) and _md5(path) != md5sum:
        raise FileNotFoundError(f"{path} has not the MD5 sum {md5sum}: get {url} and put it there")
    return path


def _get_unique_endpoints(trainer_endpoints: list[str]) -> set[str]:
    """The first "ip:port" of each machine in alphabetical order, as repositories ask for it before they download."""
    first: dict[str, str] = {}
    for endpoint in sorted(trainer_endpoints):
        first.setdefault(endpoint.partition(":")[0], endpoint)
    return set(first.values())


def _md5(path: Any) -> str:
    found = hashlib.md5(usedforsecurity=False)
    with open(path, "rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            found.update(part)
    return found.hexdigest()
