"""Shared readings of arguments: numbers per dimension, layouts, paddings, dtypes, reductions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from fxtraced.framework.dtype import dtype_name
from fxtraced.tensor.common import torch_method
from fxtraced.tensor.stat import mean

LAYOUTS = {
    1: ("NCL", "NLC"),
    2: ("NCHW", "NHWC"),
    3: ("NCDHW", "NDHWC"),
}

CHANNEL_LAYOUTS = ("NC", "NCL", "NCHW", "NCDHW", "NLC", "NHWC", "NDHWC")


def check_choice(function: str, argument: str, value: Any, choices: Sequence[str]) -> None:
    """Raises ValueError unless value is one of the choices."""
    if value not in choices:
        raise ValueError(f"{function}: {argument} must be one of {', '.join(choices)}, but received {value!r}")


def check_integers(function: str, argument: str, value: Any) -> None:
    """Raises ValueError unless value is a tensor of integers."""
    if value.dtype.is_floating_point or value.dtype == torch.bool:
        raise ValueError(f"{function}: {argument} must hold integers, but its dtype is {dtype_name(value.dtype)}")


def check_rank(function: str, argument: str, value: Any, rank: int) -> None:
    """Raises ValueError unless value has this number of dimensions."""
    if value.ndim != rank:
        raise ValueError(f"{function}: {argument} must be a {rank}-D tensor, but has {value.ndim} dimensions")


def cast(x: Any, dtype: torch.dtype) -> Any:
    """x in another dtype; x itself when it has it."""
    return x if x.dtype == dtype else torch_method(x, "to", dtype)


def per_dim(value: Any, dims: int, name: str) -> Any:
    """One number a dimension: 3 -> [3, 3], [3] -> [3, 3], (3, 5) -> [3, 5]. Raises ValueError for another length."""
    if isinstance(value, torch.Tensor):
        value = value.tolist()
    if not isinstance(value, list | tuple):
        return [_number(value)] * dims
    numbers = [_number(item) for item in value]
    if len(numbers) == 1:
        return numbers * dims
    if len(numbers) != dims:
        raise ValueError(f"{name} must be a number or a list of {dims} numbers, but received {value!r}")
    return numbers


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, torch.Tensor) else value


def is_channel_last(data_format: str, dims: int, function: str) -> bool:
    """Whether channels come last. Raises ValueError for a layout that does not fit the number of dimensions."""
    check_choice(function, "data_format", data_format, LAYOUTS[dims])
    return data_format == LAYOUTS[dims][1]


def is_last(data_format: str) -> bool:
    """Whether channels come last in any layout of any rank ("NC", "NLC", "NHWC", ...)."""
    return data_format[-1] == "C" and len(data_format) > 2


def channels_first(x: Any, last: bool) -> Any:
    """[N, ..., C] as [N, C, ...] when channels are last."""
    return torch.movedim(x, -1, 1) if last else x


def channels_back(x: Any, last: bool) -> Any:
    """The inverse of channels_first."""
    return torch.movedim(x, 1, -1) if last else x


def padding_pairs(padding: Any, dims: int, last: bool, function: str) -> list[tuple[Any, Any]] | str:
    """[(before, after)] for each spatial dimension, or "SAME".

    Reads Paddle's forms: "SAME", "VALID", p, [p0, p1], [before0, after0, ...], [[0, 0], [0, 0], [before, after], ...].
    Raises ValueError for any other.
    """
    if isinstance(padding, str):
        name = padding.upper()
        if name not in ("SAME", "VALID"):
            raise ValueError(f"{function}: unknown padding {padding!r}, it can only be 'SAME' or 'VALID'")
        return "SAME" if name == "SAME" else [(0, 0)] * dims
    if not isinstance(padding, list | tuple):
        return [(_number(padding), _number(padding))] * dims
    padding = [_number(item) for item in padding]
    if len(padding) == dims + 2 and isinstance(padding[0], list | tuple):
        spatial = padding[1:-1] if last else padding[2:]
        rest = [padding[0], padding[-1] if last else padding[1]]
        if any(tuple(pair) != (0, 0) for pair in rest):
            raise ValueError(f"{function}: padding of the batch or channel dimension is not supported: {padding!r}")
        return [(pair[0], pair[1]) for pair in spatial]
    if len(padding) == 2 * dims:
        return [(padding[2 * i], padding[2 * i + 1]) for i in range(dims)]
    if len(padding) in (1, dims):
        values = list(padding) * dims if len(padding) == 1 else padding
        return [(p, p) for p in values]
    raise ValueError(f"{function}: invalid padding {padding!r} for {dims} spatial dimensions")


def same_pairs(sizes: Any, kernel: Any, stride: Any) -> list[tuple[Any, Any]]:
    """The paddings of "SAME": ceil(size / stride) outputs, the odd element of padding comes after."""
    pairs = []
    for size, k, s in zip(sizes, kernel, stride, strict=True):
        total = (size + s - 1) // s * s - s + k - size
        if k < s:
            # Only here can the sum be negative.
            total = max(total, 0)
        pairs.append((total // 2, total - total // 2))
    return pairs


def is_symmetric(pairs: list[tuple[Any, Any]]) -> bool:
    """Whether each dimension is padded alike before and after."""
    return all(before is after or before == after for before, after in pairs)


def torch_pad_order(pairs: list[tuple[Any, Any]]) -> list[Any]:
    """[(before, after)] of the dimensions in order, as torch.nn.functional.pad wants them: last dimension first."""
    return [amount for pair in reversed(pairs) for amount in pair]


def reduce(loss: Any, reduction: str, function: str) -> Any:
    """The mean, the sum or the loss itself. Raises ValueError for another name."""
    check_reduction(reduction, function)
    if reduction == "mean":
        return mean(loss)
    return torch.sum(loss) if reduction == "sum" else loss


def check_reduction(reduction: str, function: str) -> None:
    """Raises ValueError unless reduction is 'sum', 'mean' or 'none'."""
    if reduction not in ("sum", "mean", "none"):
        raise ValueError(
            f"The value of 'reduction' in {function} should be 'sum', 'mean' or 'none', "
            f"but received {reduction}, which is not allowed."
        )
