"""sequence_mask, diag_embed, temporal_shift, gather_tree (paddle.nn.functional.extension)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.framework.dtype import convert_dtype
from fxtraced.nn.functional._arguments import cast, channels_back, channels_first, is_channel_last


def sequence_mask(x: Any, maxlen: Any = None, dtype: Any = "int64", name: str | None = None) -> Any:
    """1 where the position is below the length: x [...] of lengths gives [..., maxlen].

    Without maxlen it is the greatest length, which has to be read: a static graph needs maxlen.
    """
    if maxlen is None:
        maxlen = torch.max(x).item()
    elif isinstance(maxlen, torch.Tensor):
        maxlen = maxlen.item()
    positions = torch.arange(maxlen, device=x.device)
    return cast(torch.lt(positions, torch.unsqueeze(x, -1)), convert_dtype(dtype))


def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The last dimension as the diagonal of matrices."""
    return torch.diag_embed(input, offset, dim1, dim2)


def temporal_shift(
    x: Any, seg_num: int, shift_ratio: float = 0.25, name: str | None = None, data_format: str = "NCHW"
) -> Any:
    """Shift a part of the channels of x [N * seg_num, C, H, W] one segment back, and as many one forward."""
    if not 0 < shift_ratio < 0.5:
        raise ValueError(f"temporal_shift: shift_ratio must be between 0 and 0.5, but received {shift_ratio}")
    last = is_channel_last(data_format, 2, "temporal_shift")
    x = channels_first(x, last)
    channels = x.shape[1]
    back, forth = int(channels * shift_ratio), int(channels * 2 * shift_ratio)
    frames = torch.unflatten(x, 0, [-1, seg_num])
    padded = F.pad(frames, [0, 0, 0, 0, 0, 0, 1, 1])
    parts = [
        padded[:, :seg_num, :back],
        padded[:, 2 : seg_num + 2, back:forth],
        padded[:, 1 : seg_num + 1, forth:],
    ]
    return channels_back(torch.flatten(torch.cat(parts, 2), 0, 1), last)


def gather_tree(ids: Any, parents: Any) -> Any:
    """The full beams [T, batch, beam] of step ids and parent beams, traced from the last step back."""
    steps = ids.shape[0]
    beam = parents[steps - 1]
    found = [ids[steps - 1]]
    for step in range(steps - 2, -1, -1):
        found.append(torch.gather(ids[step], 1, cast(beam, torch.int64)))
        beam = torch.gather(parents[step], 1, cast(beam, torch.int64))
    return torch.stack(found[::-1], 0)
