"""Frames of signals and their short-time Fourier transforms."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.tensor.common import new_device, torch_method


def frame(x: Any, frame_length: int, hop_length: int, axis: int = -1, name: str | None = None) -> Any:
    """Windows every hop_length: [..., L] -> [..., frame_length, n]; axis=0: [L, ...] -> [n, frame_length, ...].

    Raises ValueError for another axis, for lengths that are not positive and for a frame longer than x.
    """
    _check_axis(axis)
    _check_length(frame_length, "frame_length")
    _check_length(hop_length, "hop_length")
    if frame_length > x.shape[axis]:
        raise ValueError(
            f"Attribute frame_length should be less equal than sequence length, but got ({frame_length}) > "
            f"({x.shape[axis]})."
        )
    frames = torch_method(x, "unfold", axis, frame_length, hop_length)
    return torch.transpose(frames, -1, -2) if axis else torch.movedim(frames, -1, 1)


def overlap_add(x: Any, hop_length: int, axis: int = -1, name: str | None = None) -> Any:
    """The inverse of frame up to sums: [..., length, n] -> [..., L], or [n, length, ...] -> [L, ...] with axis=0.

    Raises ValueError for another axis and for a hop_length that is not positive.
    """
    _check_axis(axis)
    _check_length(hop_length, "hop_length")
    if x.ndim < 2:
        raise ValueError(f"overlap_add: x must have at least 2 dimensions, but has {x.ndim}")
    if not axis:
        return torch.movedim(overlap_add(torch.movedim(x, [0, 1], [-1, -2]), hop_length), -1, 0)
    length, count = x.shape[-2], x.shape[-1]
    if hop_length > length:
        raise ValueError(f"overlap_add: hop_length must be at most frame_length, but got ({hop_length}) > ({length}).")
    within = torch.unsqueeze(torch.arange(length, device=x.device), 1)
    places = torch.flatten(within + torch.unsqueeze(torch.arange(count, device=x.device) * hop_length, 0))
    parts = torch.flatten(x, -2)
    sums = torch.zeros([*x.shape[:-2], (count - 1) * hop_length + length], dtype=x.dtype, device=x.device)
    return torch.scatter_add(sums, -1, torch.expand_copy(places, parts.shape), parts)


def stft(
    x: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
    center: bool = True, pad_mode: str = "reflect", normalized: bool = False, onesided: bool = True,
    name: str | None = None,
) -> Any:  # fmt: skip
    """Short-time Fourier transform: x [L] or [B, L] -> [n_fft // 2 + 1, frames] or [B, ...], complex.

    hop_length defaults to n_fft // 4, the window [win_length] to ones. center: frames are about their places, x is
    padded by n_fft // 2 at both ends. onesided=False gives all n_fft terms, and complex x needs it.
    """
    if x.ndim not in (1, 2):
        raise AssertionError(f"x should be a 1D or 2D real tensor, but got rank of x is {x.ndim}")
    hop_length = n_fft // 4 if hop_length is None else hop_length
    if hop_length <= 0:
        raise AssertionError(f"hop_length should be > 0, but got {hop_length}.")
    if not 0 < n_fft <= x.shape[-1]:
        raise AssertionError(f"n_fft should be in (0, seq_length({x.shape[-1]})], but got {n_fft}.")
    if center and pad_mode not in ("constant", "reflect"):
        raise AssertionError(f'pad_mode should be "reflect" or "constant", but got "{pad_mode}".')
    window = _window(window, n_fft, win_length, x)
    signal = torch.unsqueeze(x, 0) if x.ndim == 1 else x
    if center:
        signal = F.pad(signal, [n_fft // 2, n_fft // 2], mode=pad_mode)
    frames = torch.transpose(frame(signal, n_fft, hop_length), 1, 2) * window
    if onesided and frames.dtype.is_complex:
        raise AssertionError("onesided should be False when input or window is a complex Tensor.")
    norm = "ortho" if normalized else "backward"
    terms = torch.fft.rfft(frames, None, -1, norm) if onesided else torch.fft.fft(frames, None, -1, norm)
    terms = torch.transpose(terms, 1, 2)
    return torch.select(terms, 0, 0) if x.ndim == 1 else terms


def istft(
    x: Any, n_fft: int, hop_length: int | None = None, win_length: int | None = None, window: Any = None,
    center: bool = True, normalized: bool = False, onesided: bool = True, length: int | None = None,
    return_complex: bool = False, name: str | None = None,
) -> Any:  # fmt: skip
    """The inverse of stft: x [terms, frames] or [B, terms, frames], complex -> [L] or [B, L].

    length: cut to so many. return_complex=True needs onesided=False. Raises ValueError where windows leave a gap
    (eagerly; a static graph gives infinite numbers there).
    """
    if x.ndim not in (2, 3):
        raise AssertionError(f"x should be a 2D or 3D complex tensor, but got rank of x is {x.ndim}")
    hop_length = n_fft // 4 if hop_length is None else hop_length
    width = n_fft if win_length is None else win_length
    if not 0 < hop_length <= width:
        raise AssertionError(f"hop_length should be in (0, win_length({width})], but got {hop_length}.")
    terms = n_fft // 2 + 1 if onesided else n_fft
    if x.shape[-2] != terms:
        raise AssertionError(f"fft_size should be equal to {terms} when onesided is {onesided}, but got {x.shape[-2]}.")
    window = _window(window, n_fft, win_length, torch.real(x))
    if return_complex and onesided:
        raise AssertionError("onesided should be False when input(output of istft) or window is a complex Tensor.")
    if window.dtype.is_complex and not return_complex:
        raise AssertionError("Data type of window should not be complex when return_complex is False.")
    norm = "ortho" if normalized else "backward"
    spectrum = torch.transpose(torch.unsqueeze(x, 0) if x.ndim == 2 else x, 1, 2)
    if return_complex:
        frames = torch.fft.ifft(spectrum, None, -1, norm)
    else:
        half = spectrum if onesided else torch.narrow(spectrum, 2, 0, n_fft // 2 + 1)
        frames = torch.fft.irfft(half, None, -1, norm)
    out = overlap_add(torch.transpose(frames * window, 1, 2), hop_length)
    weights = torch.unsqueeze(window * window, 1)
    envelope = overlap_add(torch.tile(weights, [1, x.shape[-1]]), hop_length)
    start = n_fft // 2 if center else 0
    if length is not None:
        end: Any = start + length
    else:
        end = -start if center else None
    out, envelope = out[:, start:end], envelope[start:end]
    if not torch._C._len_torch_function_stack() and envelope.abs().min().item() < 1e-11:
        raise ValueError("istft: Nonzero Overlap Add (NOLA) condition failed: the windows leave a gap.")
    out = out / envelope
    return torch.select(out, 0, 0) if x.ndim == 2 else out


def _window(window: Any, n_fft: int, win_length: int | None, x: Any) -> Any:
    """[n_fft]: the window with zeros about it."""
    width = n_fft if win_length is None else win_length
    if not 0 < width <= n_fft:
        raise AssertionError(f"win_length should be in (0, n_fft({n_fft})], but got {width}.")
    if window is None:
        window = torch.ones([width], dtype=x.dtype, device=new_device(x))
    if window.ndim != 1 or window.shape[0] != width:
        raise AssertionError(
            f"expected a 1D window tensor of size equal to win_length({width}), but got window with shape "
            f"{list(window.shape)}."
        )
    if width == n_fft:
        return window
    before = (n_fft - width) // 2
    return F.pad(window, [before, n_fft - width - before])


def _check_axis(axis: int) -> None:
    if axis not in (0, -1):
        raise ValueError(f"Unexpected axis: {axis}. It should be 0 or -1.")


def _check_length(value: int, name: str) -> None:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Unexpected {name}: {value}. It should be an positive integer.")


METHODS = (istft, stft)
