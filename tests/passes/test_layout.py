"""channels_last: the same image, its channels last in memory, whatever is in it."""

from __future__ import annotations

import pytest
import torch

from fxtraced.passes.layout import channels_last

IMAGES = {
    "three channels": torch.randn(1, 3, 20, 30),
    "several": torch.randn(4, 16, 7, 5),
    "one channel": torch.randn(2, 1, 6, 5),
    "one place": torch.randn(2, 5, 1, 1),
    "nothing": torch.randn(0, 3, 4, 4),
    "no width": torch.randn(2, 3, 4, 0),
    "turned already": torch.randn(2, 8, 6, 3).permute(0, 3, 1, 2),
    "a part": torch.randn(2, 3, 8, 8)[:, :, 1:-1, 1:-1],
    "of float64": torch.randn(2, 3, 5, 4, dtype=torch.float64),
    "of integers": torch.arange(2 * 3 * 5 * 4).reshape(2, 3, 5, 4),
    "not finite": torch.tensor([1.0, torch.nan, -torch.inf, -0.0] * 15).reshape(1, 3, 5, 4),
}


@pytest.mark.parametrize("name", IMAGES)
def test_channels_last(name):
    image = IMAGES[name]
    kept = image.clone()
    turned = channels_last(image)
    assert turned.is_contiguous(memory_format=torch.channels_last)
    assert turned.dtype is image.dtype
    torch.testing.assert_close(turned, image, rtol=0, atol=0, equal_nan=True)
    assert torch.equal(torch.signbit(turned), torch.signbit(kept)) or not image.is_floating_point()
