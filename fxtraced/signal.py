"""Frames of signals and their short-time Fourier transforms (paddle.signal)."""

from fxtraced.framework.calls import name_calls
from fxtraced.tensor.signal import frame as frame
from fxtraced.tensor.signal import istft, stft
from fxtraced.tensor.signal import overlap_add as overlap_add

__all__ = ["istft", "stft"]

name_calls([frame, overlap_add, istft, stft])
