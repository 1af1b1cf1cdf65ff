"""FusedLinear: Linear, whose weight may be kept transposed."""

from __future__ import annotations

from typing import Any

from fxtraced.incubate.nn.functional.fused_matmul_bias import fused_linear
from fxtraced.nn.layer.layers import Layer


class FusedLinear(Layer):
    """x [..., in_features] -> [..., out_features].

    weight is [in_features, out_features], with transpose_weight [out_features, in_features].
    """

    def __init__(
        self, in_features: int, out_features: int, weight_attr: Any = None, bias_attr: Any = None,
        transpose_weight: bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        shape = [out_features, in_features] if transpose_weight else [in_features, out_features]
        self.transpose_weight, self.name = transpose_weight, name
        self.weight = self.create_parameter(shape, weight_attr)
        self.bias = self.create_parameter([out_features], bias_attr, is_bias=True)

    def forward(self, input: Any) -> Any:
        return fused_linear(input, self.weight, self.bias, self.transpose_weight, self.name)
