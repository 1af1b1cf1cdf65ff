"""How parameters are made: attribute, initializer, dtype, name."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import convert_dtype, default_dtype
from fxtraced.framework.place import current_device
from fxtraced.nn._names import unique_name
from fxtraced.nn.initializer import Constant, XavierUniform
from fxtraced.nn.initializer.initializer import global_initializer
from fxtraced.nn.param_attr import ParamAttr
from fxtraced.tensor.tensor import Parameter


def make_parameter(
    shape: Any,
    attr: Any = None,
    dtype: Any = None,
    is_bias: bool = False,
    default_initializer: Any = None,
    scope: str | None = None,
) -> Parameter | None:
    """A new Parameter on the current device, or None when attr is False.

    Named `<scope>.w_0`, `<scope>.b_0` unless attr names it.
    """
    attr = ParamAttr._to_attr(attr)
    if attr is False:
        return None
    sizes = [int(size) for size in (shape if isinstance(shape, list | tuple | torch.Size) else [shape])]
    kind = default_dtype() if dtype is None else convert_dtype(dtype)
    initializer = attr.initializer or global_initializer(is_bias) or default_initializer
    if initializer is None:
        initializer = Constant(0.0) if is_bias else XavierUniform()
    parameter = Parameter(torch.empty(sizes, dtype=kind, device=current_device()), attr.trainable)
    initializer(parameter)
    scope = scope or unique_name("create_parameter")
    parameter.__dict__.update(
        _name=attr.name or unique_name(f"{scope}.{'b' if is_bias else 'w'}"),
        optimize_attr={"learning_rate": attr.learning_rate},
        regularizer=attr.regularizer,
        do_model_average=attr.do_model_average,
        need_clip=attr.need_clip,
    )
    return parameter


def create_parameter(
    shape: Any, dtype: Any, name: str | None = None, attr: Any = None, is_bias: bool = False,
    default_initializer: Any = None,
) -> Parameter | None:  # fmt: skip
    """A new Parameter outside any layer (paddle.create_parameter)."""
    attr = ParamAttr(name=name) if attr is None else attr
    return make_parameter(shape, attr, dtype, is_bias, default_initializer)
