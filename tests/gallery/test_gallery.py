"""Every model of the gallery, held to its verdict: live, trained further, reloaded, without verification."""

from __future__ import annotations

import pytest

from tests.gallery import models
from tests.gallery.check import check_refusal, check_verdict


def _parameters() -> list[object]:
    def marks(entry: object) -> list[pytest.MarkDecorator]:
        return [pytest.mark.xfail(reason=entry.open_bug)] if entry.open_bug else []  # type: ignore[attr-defined]

    return [pytest.param(entry, id=entry.key.replace(" ", "_"), marks=marks(entry)) for entry in models()]


@pytest.mark.parametrize("entry", _parameters())
def test_gallery(entry, tmp_path):
    if entry.verdict in ("right", "guarded"):
        check_verdict(entry, str(tmp_path))
    else:
        check_refusal(entry)


def test_the_gallery_is_large_and_its_names_are_unique():
    keys = [entry.key for entry in models()]
    assert len(set(keys)) == len(keys)
    assert len({(entry.theme, entry.name) for entry in models()}) >= 120
