"""Normalisations (paddle.nn.layer.norm)."""

from __future__ import annotations

import math
from typing import Any

import torch

from fxtraced.nn import functional as F
from fxtraced.nn.functional.norm import group_norm
from fxtraced.nn.initializer import Constant, Normal
from fxtraced.nn.layer.layers import Layer
from fxtraced.nn.param_attr import ParamAttr
from fxtraced.tensor.tensor import as_tensor


class _Statistics(Layer):
    """Weight, bias and running statistics of one value a channel.

    Differs from Paddle: `_mean` and `_variance` are buffers, not parameters that are not trained.
    """

    def _make(self, channels: int, weight_attr: Any, bias_attr: Any) -> None:
        shape = [channels]
        self._weight_attr, self._bias_attr = weight_attr, bias_attr
        self.weight = self.create_parameter(shape, weight_attr, self._dtype, default_initializer=Constant(1.0))
        self.bias = self.create_parameter(shape, bias_attr, self._dtype, is_bias=True)
        for name, value in (("_mean", 0.0), ("_variance", 1.0)):
            made = self.create_parameter(shape, ParamAttr(initializer=Constant(value), trainable=False), self._dtype)
            buffer = as_tensor(made.detach())
            buffer.__dict__["_name"] = made.__dict__["_name"]
            self.register_buffer(name, buffer)


class _BatchNormBase(_Statistics):
    _ranks: tuple[int, ...] = (2, 3, 4, 5)

    def __init__(
        self, num_features: int, momentum: float = 0.9, epsilon: float = 1e-5, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCHW", use_global_stats: bool | None = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        self._num_features, self._momentum, self._epsilon = num_features, momentum, epsilon
        self._data_format, self._use_global_stats, self._name = data_format, use_global_stats, name
        self._make(num_features, weight_attr, bias_attr)

    def forward(self, input: Any) -> Any:
        if input.ndim not in self._ranks:
            raise ValueError(f"{type(self).__name__}: expected an input of rank {self._ranks}, but it is {input.ndim}")
        return F.batch_norm(
            input, self._mean, self._variance, self.weight, self.bias, self.training, self._momentum, self._epsilon,
            self._data_format, self._use_global_stats,
        )  # fmt: skip

    def extra_repr(self) -> str:
        text = f"num_features={self._num_features}, momentum={self._momentum}, epsilon={self._epsilon}"
        if self._data_format != "NCHW":
            text += f", data_format={self._data_format}"
        return text if self._name is None else f"{text}, name={self._name}"


class BatchNorm1D(_BatchNormBase):
    """Batch normalisation of [N, C] or [N, C, L]; see nn.functional.batch_norm."""

    _ranks = (2, 3)

    def __init__(
        self, num_features: int, momentum: float = 0.9, epsilon: float = 1e-5, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCL", use_global_stats: bool | None = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(num_features, momentum, epsilon, weight_attr, bias_attr, data_format, use_global_stats, name)


class BatchNorm2D(_BatchNormBase):
    """Batch normalisation of [N, C, H, W]; see nn.functional.batch_norm."""

    _ranks = (4,)


class BatchNorm3D(_BatchNormBase):
    """Batch normalisation of [N, C, D, H, W]; see nn.functional.batch_norm."""

    _ranks = (5,)

    def __init__(
        self, num_features: int, momentum: float = 0.9, epsilon: float = 1e-5, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCDHW", use_global_stats: bool | None = None,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(num_features, momentum, epsilon, weight_attr, bias_attr, data_format, use_global_stats, name)


class SyncBatchNorm(_BatchNormBase):
    """Batch normalisation; training on several devices, where they would share statistics, is out of scope."""

    def __init__(
        self, num_features: int, momentum: float = 0.9, epsilon: float = 1e-5, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__(num_features, momentum, epsilon, weight_attr, bias_attr, data_format, None, name)

    def forward(self, x: Any) -> Any:  # type: ignore[override]
        return super().forward(x)

    @classmethod
    def convert_sync_batchnorm(cls, layer: Any) -> Any:
        """A copy of the layer's structure in which BatchNorm1D to 3D are SyncBatchNorm with the same tensors."""
        if isinstance(layer, BatchNorm1D | BatchNorm2D | BatchNorm3D):
            made = cls(
                layer._num_features, layer._momentum, layer._epsilon, False, False, layer._data_format, layer._name
            )
            made.weight, made.bias = layer.weight, layer.bias
            made._buffers.update(layer._buffers)
            made.train(layer.training)
            return made
        for name, sublayer in layer.named_children():
            layer._modules[name] = cls.convert_sync_batchnorm(sublayer)
        return layer


# `act` names an operator of Paddle, whose defaults are not always those of the function of that name.
_OPERATORS: dict[str, Any] = {
    "leaky_relu": lambda x: F.leaky_relu(x, 0.02),
    "hard_sigmoid": lambda x: F.hardsigmoid(x, 0.2, 0.5),
    "hard_swish": F.hardswish,
}


class BatchNorm(_Statistics):
    """Batch normalisation of any rank with an optional activation (paddle.nn.BatchNorm)."""

    def __init__(
        self, num_channels: int, act: str | None = None, is_test: bool = False, momentum: float = 0.9,
        epsilon: float = 1e-5, param_attr: Any = None, bias_attr: Any = None, dtype: Any = "float32",
        data_layout: str = "NCHW", in_place: bool = False, moving_mean_name: str | None = None,
        moving_variance_name: str | None = None, do_model_average_for_mean_and_var: bool = True,
        use_global_stats: bool = False, trainable_statistics: bool = False,
    ):  # fmt: skip
        super().__init__(dtype="float32" if dtype == "float16" else dtype)
        if act is not None and act not in _OPERATORS and not hasattr(F, act):
            raise ValueError(f"BatchNorm: act must be the name of an activation or None, but received {act!r}")
        self._act, self._momentum, self._epsilon, self._data_layout = act, momentum, epsilon, data_layout
        self._use_global_stats, self._trainable_statistics = use_global_stats, trainable_statistics
        self._make(num_channels, param_attr, bias_attr)

    def forward(self, input: Any) -> Any:
        by_batch = not self._use_global_stats and (self.training or self._trainable_statistics)
        out = F.batch_norm(
            input, self._mean, self._variance, self.weight, self.bias, by_batch, self._momentum, self._epsilon,
            self._data_layout,
        )  # fmt: skip
        if self._act is None:
            return out
        return (_OPERATORS.get(self._act) or getattr(F, self._act))(out)


class LayerNorm(Layer):
    """Normalisation over the last dimensions; weight and bias are flat."""

    def __init__(
        self, normalized_shape: Any, epsilon: float = 1e-5, weight_attr: Any = None, bias_attr: Any = None,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        self._normalized_shape = [normalized_shape] if isinstance(normalized_shape, int) else list(normalized_shape)
        self._epsilon = epsilon
        self._weight_attr, self._bias_attr = weight_attr, bias_attr
        size = [math.prod(self._normalized_shape)]
        self.weight = self.create_parameter(size, weight_attr, default_initializer=Constant(1.0))
        self.bias = self.create_parameter(size, bias_attr, is_bias=True)

    def forward(self, input: Any) -> Any:
        return F.layer_norm(input, self._normalized_shape, self.weight, self.bias, self._epsilon)

    def extra_repr(self) -> str:
        return f"normalized_shape={self._normalized_shape}, epsilon={self._epsilon}"


class GroupNorm(Layer):
    """Normalisation over groups of channels. An attribute that is False leaves a parameter that is not trained."""

    def __init__(
        self, num_groups: int, num_channels: int, epsilon: float = 1e-5, weight_attr: Any = None, bias_attr: Any = None,
        data_format: str = "NCHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        if data_format not in ("NCHW", "NHWC"):
            raise ValueError(f"unsupported data layout:{data_format}")
        self._num_groups, self._num_channels, self._epsilon = num_groups, num_channels, epsilon
        self._data_format = data_format
        self._weight_attr, self._bias_attr = weight_attr, bias_attr
        self.weight = self.create_parameter([num_channels], weight_attr or None, default_initializer=Constant(1.0))
        self.bias = self.create_parameter([num_channels], bias_attr or None, is_bias=True)
        self.weight.requires_grad_(weight_attr is not False and self.weight.requires_grad)
        self.bias.requires_grad_(bias_attr is not False and self.bias.requires_grad)

    def forward(self, input: Any) -> Any:
        return group_norm(input, self._num_groups, self.weight, self.bias, self._epsilon, self._data_format)

    def extra_repr(self) -> str:
        return f"num_groups={self._num_groups}, num_channels={self._num_channels}, epsilon={self._epsilon}"


class _InstanceNormBase(Layer):
    _rank = 4

    def __init__(
        self, num_features: int, epsilon: float = 1e-5, momentum: float = 0.9, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        if (weight_attr is False) != (bias_attr is False):
            raise AssertionError("weight_attr and bias_attr must be set to False at the same time in InstanceNorm")
        self._num_features, self._epsilon, self._momentum = num_features, epsilon, momentum
        self._data_format = data_format
        self.scale = self.create_parameter([num_features], weight_attr, default_initializer=Constant(1.0))
        self.bias = self.create_parameter([num_features], bias_attr, is_bias=True, default_initializer=Constant(0.0))

    def forward(self, input: Any) -> Any:
        if input.ndim not in (self._rank, 2 if self._rank == 3 else self._rank):
            raise ValueError(f"{type(self).__name__}: expected an input of rank {self._rank}, but it is {input.ndim}")
        return F.instance_norm(input, weight=self.scale, bias=self.bias, eps=self._epsilon)

    def extra_repr(self) -> str:
        return f"num_features={self._num_features}, epsilon={self._epsilon}"


class InstanceNorm1D(_InstanceNormBase):
    """Normalisation of each channel of [N, C, L] by itself; the scale is called `scale`."""

    _rank = 3

    def __init__(
        self, num_features: int, epsilon: float = 1e-5, momentum: float = 0.9, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCL", name: str | None = None,
    ):  # fmt: skip
        super().__init__(num_features, epsilon, momentum, weight_attr, bias_attr, data_format, name)


class InstanceNorm2D(_InstanceNormBase):
    """Normalisation of each channel of [N, C, H, W] by itself; the scale is called `scale`."""


class InstanceNorm3D(_InstanceNormBase):
    """Normalisation of each channel of [N, C, D, H, W] by itself; the scale is called `scale`."""

    _rank = 5

    def __init__(
        self, num_features: int, epsilon: float = 1e-5, momentum: float = 0.9, weight_attr: Any = None,
        bias_attr: Any = None, data_format: str = "NCDHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__(num_features, epsilon, momentum, weight_attr, bias_attr, data_format, name)


class LocalResponseNorm(Layer):
    """Normalisation by neighbouring channels; see nn.functional.local_response_norm."""

    def __init__(
        self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0, data_format: str = "NCHW",
        name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        self.size, self.alpha, self.beta, self.k, self.data_format = size, alpha, beta, k, data_format

    def forward(self, input: Any) -> Any:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k, self.data_format)

    def extra_repr(self) -> str:
        return f"size={self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class SpectralNorm(Layer):
    """A weight divided by its largest singular value, estimated from `weight_u` [h] and `weight_v` [w]."""

    def __init__(
        self, weight_shape: Any, dim: int = 0, power_iters: int = 1, eps: float = 1e-12, dtype: Any = "float32"
    ):
        super().__init__(dtype=dtype)
        shape = list(weight_shape)
        if math.prod(shape) <= 0 or dim >= len(shape):
            raise AssertionError(f"SpectralNorm: weight_shape {shape} has no elements or no dimension {dim}")
        self._dim, self._power_iters, self._eps = dim, power_iters, eps
        fixed = ParamAttr(trainable=False)
        rest = math.prod(shape) // shape[dim]
        self.weight_u = self.create_parameter([shape[dim]], fixed, self._dtype, default_initializer=Normal(0.0, 1.0))
        self.weight_v = self.create_parameter([rest], fixed, self._dtype, default_initializer=Normal(0.0, 1.0))

    def forward(self, x: Any) -> Any:
        return spectral_normalised(x, self.weight_u, self.weight_v, self._dim, self._power_iters, self._eps)


def spectral_normalised(weight: Any, u: Any, v: Any, dim: int, power_iters: int, eps: float) -> Any:
    """weight / sigma, with sigma from power_iters rounds that start at u and v; u and v stay as they are."""
    matrix = torch.flatten(torch.movedim(weight, dim, 0), 1)
    fixed = torch.detach(matrix)
    for _ in range(power_iters):
        v = torch.mv(torch.t(fixed), u)
        v = v / (torch.linalg.vector_norm(v) + eps)
        u = torch.mv(fixed, v)
        u = u / (torch.linalg.vector_norm(u) + eps)
    return weight / torch.dot(u, torch.mv(matrix, v))
