"""Grids and pixel rearrangements (paddle.nn.functional.vision)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import channels_back, channels_first, is_channel_last


def affine_grid(theta: Any, out_shape: Any, align_corners: bool = True, name: str | None = None) -> Any:
    """The sampling grid [N, H, W, 2] (or [N, D, H, W, 3]) of affine matrices theta for an output of out_shape."""
    if not isinstance(theta, torch.Tensor):
        raise ValueError("The theta should be a Tensor.")
    shape = out_shape.tolist() if isinstance(out_shape, torch.Tensor) else out_shape
    sizes: Any = [size.item() if isinstance(size, torch.Tensor) else size for size in shape]
    return F.affine_grid(theta, sizes, align_corners)


def grid_sample(
    x: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros", align_corners: bool = True,
    name: str | None = None,
) -> Any:  # fmt: skip
    """x [N, C, H, W] sampled at grid [N, h, w, 2] in [-1, 1]; torch's align_corners is False by default."""
    if mode not in ("bilinear", "nearest"):
        raise ValueError(f"The mode of grid sample function should be 'bilinear' or 'nearest', but got: {mode}")
    if padding_mode not in ("zeros", "reflection", "border"):
        raise ValueError(
            "The padding mode of grid sample function should be 'zeros', 'reflection' or 'border', "
            f"but got: {padding_mode}"
        )
    if not isinstance(align_corners, bool):
        raise ValueError(f"The align corners should be bool, but got: {align_corners}")
    return F.grid_sample(x, grid, mode, padding_mode, align_corners)


def pixel_shuffle(x: Any, upscale_factor: int, data_format: str = "NCHW", name: str | None = None) -> Any:
    """x [N, C * r * r, H, W] as [N, C, H * r, W * r]."""
    if not isinstance(upscale_factor, int):
        raise TypeError(f"upscale factor must be int type, but received {upscale_factor!r}")
    last = is_channel_last(data_format, 2, "pixel_shuffle")
    return channels_back(F.pixel_shuffle(channels_first(x, last), upscale_factor), last)


def pixel_unshuffle(x: Any, downscale_factor: int, data_format: str = "NCHW", name: str | None = None) -> Any:
    """The inverse of pixel_shuffle."""
    if not isinstance(downscale_factor, int) or downscale_factor <= 0:
        raise TypeError(f"Downscale factor must be a positive int, but received {downscale_factor!r}")
    last = is_channel_last(data_format, 2, "pixel_unshuffle")
    return channels_back(F.pixel_unshuffle(channels_first(x, last), downscale_factor), last)


def channel_shuffle(x: Any, groups: int, data_format: str = "NCHW", name: str | None = None) -> Any:
    """Channels [g, C / g] in the order [C / g, g]."""
    if not isinstance(groups, int) or groups <= 0:
        raise ValueError(f"groups must be a positive int, but received {groups!r}")
    last = is_channel_last(data_format, 2, "channel_shuffle")
    x = channels_first(x, last)
    shuffled = torch.transpose(torch.unflatten(x, 1, [groups, -1]), 1, 2)
    return channels_back(torch.flatten(shuffled, 1, 2), last)
