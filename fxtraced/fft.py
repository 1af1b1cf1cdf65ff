"""Discrete Fourier transforms (paddle.fft).

norm is "backward" (the inverse divides by n), "forward" (the forward transform does) or "ortho" (both by its root).
Numbers that are not complex become so: integers and float32 complex64, float64 complex128.
"""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.calls import name_calls
from fxtraced.framework.dtype import default_dtype
from fxtraced.tensor.common import new_device
from fxtraced.tensor.shape import shape_list
from fxtraced.tensor.tensor import as_tensor


def fft(x: Any, n: int | None = None, axis: int = -1, norm: str = "backward", name: str | None = None) -> Any:
    """The transform along one axis, which is cut or padded with zeros to n: complex."""
    return torch.fft.fft(x, *_one(x, n, axis, norm, "fft"))


def ifft(x: Any, n: int | None = None, axis: int = -1, norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of fft: complex."""
    return torch.fft.ifft(x, *_one(x, n, axis, norm, "ifft"))


def rfft(x: Any, n: int | None = None, axis: int = -1, norm: str = "backward", name: str | None = None) -> Any:
    """The transform of real numbers along one axis: the n // 2 + 1 terms that are not conjugates of others."""
    return torch.fft.rfft(x, *_one(x, n, axis, norm, "rfft"))


def irfft(x: Any, n: int | None = None, axis: int = -1, norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of rfft: n real numbers, 2 * (size - 1) of them when n is not given."""
    return torch.fft.irfft(x, *_one(x, n, axis, norm, "irfft"))


def hfft(x: Any, n: int | None = None, axis: int = -1, norm: str = "backward", name: str | None = None) -> Any:
    """The transform of numbers whose second half is the conjugate of the first, which x holds: n real numbers."""
    return torch.fft.hfft(x, *_one(x, n, axis, norm, "hfft"))


def ihfft(x: Any, n: int | None = None, axis: int = -1, norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of hfft: n // 2 + 1 complex numbers."""
    return torch.fft.ihfft(x, *_one(x, n, axis, norm, "ihfft"))


def fftn(x: Any, s: Any = None, axes: Any = None, norm: str = "backward", name: str | None = None) -> Any:
    """fft along several axes: all, or the last len(s), when axes are not given."""
    return torch.fft.fftn(x, *_several(x, s, axes, norm, "fftn"))


def ifftn(x: Any, s: Any = None, axes: Any = None, norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of fftn: complex."""
    return torch.fft.ifftn(x, *_several(x, s, axes, norm, "ifftn"))


def rfftn(x: Any, s: Any = None, axes: Any = None, norm: str = "backward", name: str | None = None) -> Any:
    """rfft along the last axis, then fft along the others."""
    return torch.fft.rfftn(x, *_several(x, s, axes, norm, "rfftn"))


def irfftn(x: Any, s: Any = None, axes: Any = None, norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of rfftn: real."""
    return torch.fft.irfftn(x, *_several(x, s, axes, norm, "irfftn"))


def hfftn(x: Any, s: Any = None, axes: Any = None, norm: str = "backward", name: str | None = None) -> Any:
    """fft along the first axes, then hfft along the last one: real."""
    return torch.fft.hfftn(x, *_several(x, s, axes, norm, "hfftn"))


def ihfftn(x: Any, s: Any = None, axes: Any = None, norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of hfftn: complex."""
    return torch.fft.ihfftn(x, *_several(x, s, axes, norm, "ihfftn"))


def fft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str = "backward", name: str | None = None) -> Any:
    """fft along two axes."""
    return torch.fft.fftn(x, *_two(x, s, axes, norm, "fft2"))


def ifft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of fft2."""
    return torch.fft.ifftn(x, *_two(x, s, axes, norm, "ifft2"))


def rfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str = "backward", name: str | None = None) -> Any:
    """rfft along the second of two axes, then fft along the first."""
    return torch.fft.rfftn(x, *_two(x, s, axes, norm, "rfft2"))


def irfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of rfft2."""
    return torch.fft.irfftn(x, *_two(x, s, axes, norm, "irfft2"))


def hfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str = "backward", name: str | None = None) -> Any:
    """fft along the first of two axes, then hfft along the second."""
    return torch.fft.hfftn(x, *_two(x, s, axes, norm, "hfft2"))


def ihfft2(x: Any, s: Any = None, axes: Any = (-2, -1), norm: str = "backward", name: str | None = None) -> Any:
    """The inverse of hfft2."""
    return torch.fft.ihfftn(x, *_two(x, s, axes, norm, "ihfft2"))


def fftfreq(n: int, d: float = 1.0, dtype: Any = None, name: str | None = None) -> Any:
    """The frequencies of fft's n terms for samples d apart: [0, 1, ..., -2, -1] / (d * n).

    The result has the default dtype; `dtype` changes nothing, as in Paddle. Raises ValueError when d or n is 0.
    """
    if d * n == 0:
        raise ValueError(f"fftfreq: d or n should not be 0, but received n={n}, d={d}")
    return as_tensor(torch.fft.fftfreq(n, d, dtype=default_dtype(), device=new_device()))


def rfftfreq(n: int, d: float = 1.0, dtype: Any = None, name: str | None = None) -> Any:
    """The frequencies of rfft's n // 2 + 1 terms for samples d apart, otherwise like fftfreq."""
    if d * n == 0:
        raise ValueError(f"rfftfreq: d or n should not be 0, but received n={n}, d={d}")
    return as_tensor(torch.fft.rfftfreq(n, d, dtype=default_dtype(), device=new_device()))


def fftshift(x: Any, axes: Any = None, name: str | None = None) -> Any:
    """The zero frequency in the middle, along these axes or all."""
    return torch.fft.fftshift(x, None if axes is None else shape_list(axes))


def ifftshift(x: Any, axes: Any = None, name: str | None = None) -> Any:
    """The inverse of fftshift."""
    return torch.fft.ifftshift(x, None if axes is None else shape_list(axes))


def _one(x: Any, n: Any, axis: int, norm: str, function: str) -> tuple[Any, int, str]:
    _check_norm(norm)
    if n is not None and n <= 0:
        raise ValueError(f"Invalid FFT argument n({n}), it should be positive.")
    if not -x.ndim <= axis < x.ndim:
        raise ValueError(f"{function}: axis must be in [{-x.ndim}, {x.ndim}), but received {axis}")
    return n, axis, norm


def _several(x: Any, s: Any, axes: Any, norm: str, function: str) -> tuple[Any, Any, str]:
    _check_norm(norm)
    sizes = None if s is None else shape_list(s)
    places = None if axes is None else shape_list(axes)
    if sizes is not None and any(size <= 0 for size in sizes):
        raise ValueError(f"Invalid FFT argument s ({s}), it should hold positive sizes.")
    if any(not -x.ndim <= axis < x.ndim for axis in places or []):
        raise ValueError(f"FFT axes {axes} contains an invalid value, it should be in range [{-x.ndim}, {x.ndim})")
    if places is not None and len({axis % x.ndim for axis in places}) < len(places):
        raise ValueError(f"{function}: axes {axes} name an axis twice")
    if sizes is not None and places is not None and len(sizes) != len(places):
        raise ValueError(f"{function}: length of `s` should equals length of `axes`, but they are {s} and {axes}.")
    return sizes, places, norm


def _two(x: Any, s: Any, axes: Any, norm: str, function: str) -> tuple[Any, Any, str]:
    if x.ndim < 2:
        raise ValueError(f"The rank of the input ({x.ndim}) should >= 2")
    for argument, value in (("s", s), ("axes", axes)):
        if value is not None and len(shape_list(value)) != 2:
            raise ValueError(f"Invalid FFT argument {argument} ({value}), it should be a sequence of 2 integers.")
    return _several(x, s, axes, norm, function)


def _check_norm(norm: str) -> None:
    if norm not in ("forward", "backward", "ortho"):
        raise ValueError(f"Unexpected norm: {norm}. Norm should be forward, backward or ortho")


__all__ = [
    "fft",
    "fft2",
    "fftfreq",
    "fftn",
    "fftshift",
    "hfft",
    "hfft2",
    "hfftn",
    "ifft",
    "ifft2",
    "ifftn",
    "ifftshift",
    "ihfft",
    "ihfft2",
    "ihfftn",
    "irfft",
    "irfft2",
    "irfftn",
    "rfft",
    "rfft2",
    "rfftfreq",
    "rfftn",
]

name_calls([globals()[name] for name in __all__])
