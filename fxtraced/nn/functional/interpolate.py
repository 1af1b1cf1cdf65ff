"""interpolate and upsample, which Paddle keeps in paddle.nn.functional.common."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.framework.dtype import is_floating
from fxtraced.nn.functional._arguments import cast, channels_back, channels_first

_LAYOUTS = {3: ("NCW", "NWC"), 4: ("NCHW", "NHWC"), 5: ("NCDHW", "NDHWC")}
_RANKS = {"linear": (3,), "bilinear": (4,), "bicubic": (4,), "trilinear": (5,), "nearest": (4, 5), "area": (3, 4, 5)}
_AREA: dict[int, Any] = {3: F.adaptive_avg_pool1d, 4: F.adaptive_avg_pool2d, 5: F.adaptive_avg_pool3d}


def interpolate(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool = False,
    align_mode: int = 0, data_format: str = "NCHW", name: str | None = None,
) -> Any:  # fmt: skip
    """Resize the spatial dimensions of x to size, or by scale_factor.

    align_mode=1 of the linear modes takes source = ratio * target; 0 takes pixel centres, as torch does.
    A 3-D x has the layout "NCW" or "NWC". Raises ValueError for modes and layouts that do not fit the rank.
    """
    mode, layout = mode.lower(), data_format.upper()
    _check(x, size, scale_factor, mode, layout, align_corners, align_mode)
    last = layout == _LAYOUTS[x.ndim][1]
    x = channels_first(x, last)
    spatial = x.ndim - 2
    sizes: Any = None if size is None else _numbers(size, spatial)
    scales: Any = None if scale_factor is None else [float(f) for f in _numbers(scale_factor, spatial)]
    if mode == "area":
        out = _AREA[x.ndim](x, sizes)
    elif mode == "nearest":
        # torch has none for integers; float64 holds those below 2**53.
        out = cast(F.interpolate(x if is_floating(x.dtype) else cast(x, torch.float64), sizes, scales, mode), x.dtype)
    elif align_mode == 1 and not align_corners and mode != "bicubic":
        out = _ratio_linear(x, sizes, scales)
    else:
        out = F.interpolate(x, sizes, scales, mode, align_corners)
    return channels_back(out, last)


def upsample(
    x: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool = False,
    align_mode: int = 0, data_format: str = "NCHW", name: str | None = None,
) -> Any:  # fmt: skip
    """interpolate by another name."""
    return interpolate(x, size, scale_factor, mode, align_corners, align_mode, data_format)


def _ratio_linear(x: Any, sizes: list[Any] | None, scales: list[float] | None) -> Any:
    """Linear interpolation at source = ratio * target, one dimension after the other."""
    for axis in range(2, x.ndim):
        n = x.shape[axis]
        length = sizes[axis - 2] if sizes is not None else _scaled(n, scales[axis - 2])  # type: ignore[index]
        steps = torch.arange(length, device=x.device, dtype=torch.float32)
        source = steps / scales[axis - 2] if scales is not None else steps * n / length
        low = torch.clamp(torch.floor(source), max=n - 1)
        weight = cast(torch.reshape(source - low, [-1] + [1] * (x.ndim - 1 - axis)), x.dtype)
        first = cast(low, torch.int64)
        second = torch.clamp(first + 1, max=n - 1)
        a, b = torch.index_select(x, axis, first), torch.index_select(x, axis, second)
        x = a * (1 - weight) + b * weight
    return x


def _scaled(size: Any, scale: float) -> Any:
    """floor(size * scale), in integer arithmetic where the scale is a ratio of small integers."""
    numerator, denominator = scale.as_integer_ratio()
    return size * numerator // denominator


def _numbers(value: Any, count: int) -> list[Any]:
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return [value] * count
    numbers = [item.item() if isinstance(item, torch.Tensor) else item for item in value]
    return numbers * count if len(numbers) == 1 else numbers


def _check(x: Any, size: Any, scale_factor: Any, mode: str, layout: str, align_corners: bool, align_mode: int) -> None:
    if mode not in _RANKS:
        raise ValueError(f"interpolate: mode must be one of {', '.join(_RANKS)}, but received {mode!r}")
    if x.ndim not in _RANKS[mode]:
        raise ValueError(f"interpolate: mode {mode!r} takes tensors of rank {_RANKS[mode]}, but x has rank {x.ndim}")
    if size is None and scale_factor is None:
        raise ValueError("One of size and scale_factor must not be None.")
    if size is not None and scale_factor is not None:
        raise ValueError("Only one of size or scale_factor should be defined.")
    if isinstance(size, list | tuple) and len(size) != x.ndim - 2:
        raise ValueError("The x and size should satisfy rank(x) - 2 == len(size).")
    if not isinstance(align_corners, bool):
        raise TypeError("Attr align_corners should be a bool value")
    if align_mode not in (0, 1):
        raise ValueError(f"align_mode can only be 0 or 1, but received {align_mode!r}")
    if align_corners and mode == "nearest":
        raise ValueError("align_corners option can only be set with the linear and cubic modes")
    if mode == "area":
        if size is None:
            raise ValueError("output size can not be None in AREA mode")
    elif layout not in _LAYOUTS[x.ndim]:
        raise ValueError(
            f"Got wrong value for param `data_format`: {layout} received but only {_LAYOUTS[x.ndim]} "
            f"supported for {x.ndim}-D input."
        )
