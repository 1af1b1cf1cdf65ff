"""What the families of networks share."""

from __future__ import annotations

from typing import Any

from fxtraced.nn.initializer import Uniform
from fxtraced.nn.param_attr import ParamAttr


def no_pretrained(constructor: str, pretrained: bool) -> None:
    """Raises ValueError when pretrained is true."""
    if pretrained:
        raise ValueError(
            f"{constructor}(pretrained=True): fxtraced downloads no weights. Build the model without it and load a "
            "file: model.set_state_dict(paddle.load('weights.pdparams'))"
        )


def _make_divisible(v: float, divisor: int = 8, min_value: int | None = None) -> int:
    """The multiple of divisor next to v, at least min_value (or divisor) and not less than nine tenths of v."""
    multiple = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return multiple + divisor if multiple < 0.9 * v else multiple


def uniform(bound: float) -> Any:
    """The attribute of a parameter that starts uniform in -bound to bound."""
    return ParamAttr(initializer=Uniform(-bound, bound))
