"""Linear, embedding, dropout, padding, resizing and their like (paddle.nn.layer.common)."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.nn import functional as F
from fxtraced.nn.layer.layers import Layer
from fxtraced.tensor import flatten, unflatten


class Identity(Layer):
    """Gives what it gets; any arguments are accepted and ignored."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        return input


class Linear(Layer):
    """x [..., in_features] -> [..., out_features]; weight is [in_features, out_features]."""

    def __init__(
        self, in_features: int, out_features: int, weight_attr: Any = None, bias_attr: Any = None,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        self.in_features, self.out_features, self.name = in_features, out_features, name
        self._weight_attr, self._bias_attr = weight_attr, bias_attr
        self.weight = self.create_parameter([in_features, out_features], weight_attr)
        self.bias = self.create_parameter([out_features], bias_attr, is_bias=True)

    def forward(self, input: Any) -> Any:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, dtype={_dtype_name(self)}"


class Embedding(Layer):
    """Integers [...] -> rows of weight [..., embedding_dim]; padding_idx gives zeros."""

    def __init__(
        self, num_embeddings: int, embedding_dim: int, padding_idx: int | None = None, sparse: bool = False,
        weight_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        if num_embeddings <= 0 or embedding_dim <= 0:
            raise ValueError(
                f"Embedding: num_embeddings and embedding_dim must be positive, "
                f"but received {num_embeddings} and {embedding_dim}"
            )
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(f"padding_idx must be within [-{num_embeddings}, {num_embeddings}), but is {padding_idx}")
        self._num_embeddings, self._embedding_dim = num_embeddings, embedding_dim
        self._padding_idx, self._sparse, self._name = padding_idx, sparse, name
        self.weight = self.create_parameter([num_embeddings, embedding_dim], weight_attr)
        if padding_idx is not None and self.weight is not None:
            with torch.no_grad():
                self.weight[padding_idx] = 0.0

    def forward(self, x: Any) -> Any:
        return F.embedding(x, self.weight, self._padding_idx, self._sparse)

    def extra_repr(self) -> str:
        padding = "" if self._padding_idx is None else f", padding_idx={self._padding_idx}"
        return f"{self._num_embeddings}, {self._embedding_dim}{padding}, sparse={self._sparse}"


class Flatten(Layer):
    """The axes start_axis to stop_axis as one."""

    def __init__(self, start_axis: int = 1, stop_axis: int = -1):
        super().__init__()
        self.start_axis, self.stop_axis = start_axis, stop_axis

    def forward(self, input: Any) -> Any:
        return flatten(input, self.start_axis, self.stop_axis)


class Unflatten(Layer):
    """One axis as several of this shape."""

    def __init__(self, axis: int, shape: Any, name: str | None = None):
        super().__init__()
        self.axis, self.shape = axis, shape

    def forward(self, input: Any) -> Any:
        return unflatten(input, self.axis, self.shape)

    def extra_repr(self) -> str:
        return f"axis={self.axis}, shape={self.shape}"


class Dropout(Layer):
    """Zeros with probability p while training; see nn.functional.dropout for axis and mode."""

    def __init__(self, p: float = 0.5, axis: Any = None, mode: str = "upscale_in_train", name: str | None = None):
        super().__init__()
        self.p, self.axis, self.mode, self.name = p, axis, mode, name

    def forward(self, input: Any) -> Any:
        return F.dropout(input, self.p, self.axis, self.training, self.mode)

    def extra_repr(self) -> str:
        return f"p={self.p}, axis={self.axis}, mode={self.mode}"


class Dropout2D(Layer):
    """Zeros for whole channels of [N, C, H, W]."""

    def __init__(self, p: float = 0.5, data_format: str = "NCHW", name: str | None = None):
        super().__init__()
        self.p, self.data_format, self.name = p, data_format, name

    def forward(self, input: Any) -> Any:
        return F.dropout2d(input, self.p, self.training, self.data_format)

    def extra_repr(self) -> str:
        return f"p={self.p}, data_format={self.data_format}"


class Dropout3D(Layer):
    """Zeros for whole channels of [N, C, D, H, W]."""

    def __init__(self, p: float = 0.5, data_format: str = "NCDHW", name: str | None = None):
        super().__init__()
        self.p, self.data_format, self.name = p, data_format, name

    def forward(self, input: Any) -> Any:
        return F.dropout3d(input, self.p, self.training, self.data_format)

    def extra_repr(self) -> str:
        return f"p={self.p}, data_format={self.data_format}"


class AlphaDropout(Layer):
    """Dropout that keeps the mean and variance of SELU activations."""

    def __init__(self, p: float = 0.5, name: str | None = None):
        super().__init__()
        self.p = p

    def forward(self, input: Any) -> Any:
        return F.alpha_dropout(input, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class Upsample(Layer):
    """Resize the spatial dimensions; see nn.functional.interpolate."""

    def __init__(
        self, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool = False,
        align_mode: int = 0, data_format: str = "NCHW", name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        self.size, self.scale_factor, self.mode = size, scale_factor, mode.lower()
        self.align_corners, self.align_mode, self.data_format = align_corners, align_mode, data_format

    def forward(self, x: Any) -> Any:
        return F.interpolate(
            x, self.size, self.scale_factor, self.mode, self.align_corners, self.align_mode, self.data_format
        )

    def extra_repr(self) -> str:
        goal = f"scale_factor={self.scale_factor}" if self.scale_factor is not None else f"size={self.size}"
        return (
            f"{goal}, mode={self.mode}, align_corners={self.align_corners}, align_mode={self.align_mode}, "
            f"data_format={self.data_format}"
        )


class UpsamplingNearest2D(Layer):
    """Resize [N, C, H, W] by the nearest pixel."""

    def __init__(self, size: Any = None, scale_factor: Any = None, data_format: str = "NCHW", name: str | None = None):
        super().__init__()
        self.size, self.scale_factor, self.data_format = size, scale_factor, data_format

    def forward(self, x: Any) -> Any:
        return F.interpolate(x, self.size, self.scale_factor, "nearest", False, 0, self.data_format)


class UpsamplingBilinear2D(Layer):
    """Resize [N, C, H, W] bilinearly with aligned corners."""

    def __init__(self, size: Any = None, scale_factor: Any = None, data_format: str = "NCHW", name: str | None = None):
        super().__init__()
        self.size, self.scale_factor, self.data_format = size, scale_factor, data_format

    def forward(self, x: Any) -> Any:
        return F.interpolate(x, self.size, self.scale_factor, "bilinear", True, 0, self.data_format)


class _Pad(Layer):
    def __init__(self, dims: int, padding: Any, mode: str, value: float, data_format: str):
        super().__init__()
        self._pad = padding if isinstance(padding, list | tuple | torch.Tensor) else [padding] * (2 * dims)
        self._mode, self._value, self._data_format = mode, value, data_format

    def forward(self, x: Any) -> Any:
        return F.pad(x, self._pad, self._mode, self._value, self._data_format)

    def extra_repr(self) -> str:
        return f"padding={self._pad}, mode={self._mode}, value={self._value}, data_format={self._data_format}"


class Pad1D(_Pad):
    """Pad [N, C, L]: one number or [left, right]."""

    def __init__(
        self, padding: Any, mode: str = "constant", value: float = 0.0, data_format: str = "NCL",
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(1, padding, mode, value, data_format)


class Pad2D(_Pad):
    """Pad [N, C, H, W]: one number or [left, right, top, bottom]."""

    def __init__(
        self, padding: Any, mode: str = "constant", value: float = 0.0, data_format: str = "NCHW",
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(2, padding, mode, value, data_format)


class Pad3D(_Pad):
    """Pad [N, C, D, H, W]: one number or [left, right, top, bottom, front, back]."""

    def __init__(
        self, padding: Any, mode: str = "constant", value: float = 0.0, data_format: str = "NCDHW",
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(3, padding, mode, value, data_format)


class ZeroPad2D(_Pad):
    """Pad [N, C, H, W] with zeros."""

    def __init__(self, padding: Any, data_format: str = "NCHW", name: str | None = None):
        super().__init__(2, padding, "constant", 0.0, data_format)


class CosineSimilarity(Layer):
    """The cosine of two tensors along axis."""

    def __init__(self, axis: int = 1, eps: float = 1e-8):
        super().__init__()
        self._axis, self._eps = axis, eps

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.cosine_similarity(x1, x2, self._axis, self._eps)

    def extra_repr(self) -> str:
        return f"axis={self._axis}, eps={self._eps}"


class Bilinear(Layer):
    """x1 [N, in1] and x2 [N, in2] -> [N, out]; weight is [out, in1, in2], bias [1, out]."""

    def __init__(
        self, in1_features: int, in2_features: int, out_features: int, weight_attr: Any = None, bias_attr: Any = None,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        self._sizes = (in1_features, in2_features, out_features)
        self.weight = self.create_parameter([out_features, in1_features, in2_features], weight_attr)
        self.bias = self.create_parameter([1, out_features], bias_attr, is_bias=True)

    def forward(self, x1: Any, x2: Any) -> Any:
        return F.bilinear(x1, x2, self.weight, self.bias)

    def extra_repr(self) -> str:
        first, second, out = self._sizes
        return f"in1_features={first}, in2_features={second}, out_features={out}, dtype={_dtype_name(self)}"


class Unfold(Layer):
    """Windows of [N, C, H, W] as columns [N, C * kh * kw, L]."""

    def __init__(
        self, kernel_sizes: Any, dilations: Any = 1, paddings: Any = 0, strides: Any = 1, name: str | None = None
    ):
        super().__init__()
        self.kernel_sizes, self.dilations, self.paddings, self.strides = kernel_sizes, dilations, paddings, strides

    def forward(self, input: Any) -> Any:
        return F.unfold(input, self.kernel_sizes, self.strides, self.paddings, self.dilations)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_sizes}, dilation={self.dilations}, padding={self.paddings}, "
            f"stride={self.strides}"
        )


class Fold(Layer):
    """Columns [N, C * kh * kw, L] added up into [N, C, H, W]."""

    def __init__(
        self, output_sizes: Any, kernel_sizes: Any, dilations: Any = 1, paddings: Any = 0, strides: Any = 1,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__()
        self.output_sizes = output_sizes
        self.kernel_sizes, self.dilations, self.paddings, self.strides = kernel_sizes, dilations, paddings, strides

    def forward(self, input: Any) -> Any:
        return F.fold(input, self.output_sizes, self.kernel_sizes, self.strides, self.paddings, self.dilations)

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_sizes}, dilation={self.dilations}, padding={self.paddings}, "
            f"stride={self.strides}"
        )


def _dtype_name(layer: Layer) -> str:
    return str(layer._dtype).rsplit(".", 1)[-1]
