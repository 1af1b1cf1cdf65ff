"""auto_cast and decorate, over torch.autocast."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype, dtype_name
from fxtraced.framework.place import convert_place, current_device
from fxtraced.nn.layer import norm
from fxtraced.nn.layer.layers import Layer

__all__ = ["auto_cast", "decorate", "is_bfloat16_supported", "is_float16_supported"]

_LEVELS = ("O0", "OD", "O1", "O2")
_BATCH_NORMS = [norm.BatchNorm, norm.BatchNorm1D, norm.BatchNorm2D, norm.BatchNorm3D, norm.SyncBatchNorm]
_OTHER_NORMS = [norm.LayerNorm, norm.InstanceNorm1D, norm.InstanceNorm2D, norm.InstanceNorm3D]


@contextmanager
def auto_cast(
    enable: bool = True,
    custom_white_list: Any = None,
    custom_black_list: Any = None,
    level: str = "O1",
    dtype: Any = "float16",
    use_promote: bool = True,
) -> Iterator[None]:
    """Compute in float16 or bfloat16 where torch holds it for safe, while it lasts, on the GPU.

    Has no effect with enable=False, at level O0, and, with a warning, while the current device is the CPU.
    Differs from Paddle: which operations are cast is torch's choice; the lists and use_promote change nothing.
    Raises ValueError for another level or dtype.
    """
    if level not in _LEVELS:
        raise ValueError(f"level should be O0, OD, O1 or O2, but received {level!r}.")
    kind = _half(dtype) if enable else torch.float16
    if enable and level != "O0" and current_device().type == "cpu":
        warnings.warn("auto_cast has no effect on the CPU.", stacklevel=3)
        enable = False
    if not enable or level == "O0":
        yield
        return
    with torch.autocast(current_device().type, kind):
        yield


def decorate(
    models: Any,
    optimizers: Any = None,
    level: str = "O1",
    dtype: Any = "float16",
    master_weight: bool | None = None,
    save_dtype: Any = None,
    master_grad: bool = False,
    excluded_layers: Any = None,
) -> Any:
    """models as they are at O1, cast to dtype at O2; with the optimizers if they are given.

    What stays in float32 at O2: batch norms, for float16 layer norms and instance norms too, and excluded_layers (a
    layer, a type of layers, or a list of them). Has no effect while the current device is the CPU.
    Raises ValueError for another level or dtype, and for the options that torch has not.
    """
    if level not in ("O1", "O2"):
        raise ValueError(f"level should be O1 or O2, but received {level!r}.")
    kind = _half(dtype)
    if master_weight or master_grad or save_dtype is not None:
        raise ValueError("decorate: master_weight, master_grad and save_dtype are not supported")
    if level == "O2" and current_device().type != "cpu":
        for model in models if isinstance(models, list | tuple) else [models]:
            _cast(model, kind, excluded_layers)
    return models if optimizers is None else (models, optimizers)


def is_float16_supported(device: Any = None) -> bool:
    """True on GPUs."""
    return convert_place(device).type == "cuda"


def is_bfloat16_supported(device: Any = None) -> bool:
    """True on GPUs that compute in bfloat16."""
    return convert_place(device).type == "cuda" and torch.cuda.is_bf16_supported()


def _cast(model: Layer, dtype: torch.dtype, excluded: Any) -> None:
    """Cast parameters and floating buffers, but those of the layers that stay in float32."""
    items = [] if excluded is None else excluded if isinstance(excluded, list) else [excluded]
    kinds = [item for item in items if isinstance(item, type)]
    kept = {part for item in items if isinstance(item, Layer) for part in item.sublayers(include_self=True)}
    kinds += _BATCH_NORMS if dtype == torch.bfloat16 else _BATCH_NORMS + _OTHER_NORMS
    for layer in model.sublayers(include_self=True):
        if layer not in kept and not isinstance(layer, tuple(kinds)):
            layer._cast_own(dtype)


def _half(dtype: Any) -> torch.dtype:
    kind = convert_dtype(dtype)
    if kind not in (torch.float16, torch.bfloat16):
        raise ValueError(f"If enable amp, dtype should be 'float16' or 'bfloat16', but received {dtype_name(kind)!r}.")
    return kind
