"""Losses (paddle.nn.layer.loss): layers around nn.functional's functions."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.nn import functional as F
from fxtraced.nn.layer.layers import Layer


class _Loss(Layer):
    """A layer whose `_arguments` are the keyword arguments of `_function`."""

    _function: Any

    def __init__(self, **arguments: Any):
        super().__init__()
        self._arguments = {name: value for name, value in arguments.items() if not isinstance(value, torch.Tensor)}
        for name, value in arguments.items():
            if isinstance(value, torch.Tensor):
                # A buffer outside the state dict: it moves with the layer.
                setattr(self, name, value)

    def _loss(self, *inputs: Any) -> Any:
        return type(self)._function(*inputs, **self._arguments, **self._buffers)

    def __getattr__(self, name: str) -> Any:
        arguments = self.__dict__.get("_arguments", {})
        return arguments[name] if name in arguments else super().__getattr__(name)


class BCEWithLogitsLoss(_Loss):
    """nn.functional.binary_cross_entropy_with_logits as a layer."""

    _function = F.binary_cross_entropy_with_logits

    def __init__(self, weight: Any = None, reduction: str = "mean", pos_weight: Any = None, name: str | None = None):
        super().__init__(weight=weight, reduction=reduction, pos_weight=pos_weight)

    def forward(self, logit: Any, label: Any) -> Any:
        return self._loss(logit, label)


class CrossEntropyLoss(_Loss):
    """nn.functional.cross_entropy as a layer."""

    _function = F.cross_entropy

    def __init__(
        self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", soft_label: bool =
        False, axis: int = -1, use_softmax: bool = True, label_smoothing: float = 0.0, name: str | None =
        None,
    ):  # fmt: skip
        super().__init__(
            weight=weight, ignore_index=ignore_index, reduction=reduction, soft_label=soft_label,
            axis=axis, use_softmax=use_softmax, label_smoothing=label_smoothing,
        )  # fmt: skip

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class MSELoss(_Loss):
    """nn.functional.mse_loss as a layer."""

    _function = F.mse_loss

    def __init__(self, reduction: str = "mean"):
        super().__init__(reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class L1Loss(_Loss):
    """nn.functional.l1_loss as a layer."""

    _function = F.l1_loss

    def __init__(self, reduction: str = "mean", name: str | None = None):
        super().__init__(reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class BCELoss(_Loss):
    """nn.functional.binary_cross_entropy as a layer."""

    _function = F.binary_cross_entropy

    def __init__(self, weight: Any = None, reduction: str = "mean", name: str | None = None):
        super().__init__(weight=weight, reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class NLLLoss(_Loss):
    """nn.functional.nll_loss as a layer."""

    _function = F.nll_loss

    def __init__(self, weight: Any = None, ignore_index: int = -100, reduction: str = "mean", name: str | None = None):
        super().__init__(weight=weight, ignore_index=ignore_index, reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class PoissonNLLLoss(_Loss):
    """nn.functional.poisson_nll_loss as a layer."""

    _function = F.poisson_nll_loss

    def __init__(
        self, log_input: bool = True, full: bool = False, epsilon: float = 1e-08, reduction: str = "mean",
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(log_input=log_input, full=full, epsilon=epsilon, reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class KLDivLoss(_Loss):
    """nn.functional.kl_div as a layer."""

    _function = F.kl_div

    def __init__(self, reduction: str = "mean"):
        super().__init__(reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class MarginRankingLoss(_Loss):
    """nn.functional.margin_ranking_loss as a layer."""

    _function = F.margin_ranking_loss

    def __init__(self, margin: float = 0.0, reduction: str = "mean", name: str | None = None):
        super().__init__(margin=margin, reduction=reduction)

    def forward(self, input: Any, other: Any, label: Any) -> Any:
        return self._loss(input, other, label)


class SmoothL1Loss(_Loss):
    """nn.functional.smooth_l1_loss as a layer."""

    _function = F.smooth_l1_loss

    def __init__(self, reduction: str = "mean", delta: float = 1.0, name: str | None = None):
        super().__init__(reduction=reduction, delta=delta)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class MultiLabelSoftMarginLoss(_Loss):
    """nn.functional.multi_label_soft_margin_loss as a layer."""

    _function = F.multi_label_soft_margin_loss

    def __init__(self, weight: Any = None, reduction: str = "mean", name: str | None = None):
        super().__init__(weight=weight, reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class HingeEmbeddingLoss(_Loss):
    """nn.functional.hinge_embedding_loss as a layer."""

    _function = F.hinge_embedding_loss

    def __init__(self, margin: float = 1.0, reduction: str = "mean", name: str | None = None):
        super().__init__(margin=margin, reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class CosineEmbeddingLoss(_Loss):
    """nn.functional.cosine_embedding_loss as a layer."""

    _function = F.cosine_embedding_loss

    def __init__(self, margin: float = 0, reduction: str = "mean", name: str | None = None):
        super().__init__(margin=margin, reduction=reduction)

    def forward(self, input1: Any, input2: Any, label: Any) -> Any:
        return self._loss(input1, input2, label)


class TripletMarginWithDistanceLoss(_Loss):
    """nn.functional.triplet_margin_with_distance_loss as a layer, always with the Euclidean distance, as in Paddle."""

    _function = F.triplet_margin_with_distance_loss

    def __init__(
        self, distance_function: Any = None, margin: float = 1.0, swap: bool = False, reduction: str =
        "mean", name: str | None = None,
    ):  # fmt: skip
        super().__init__(margin=margin, swap=swap, reduction=reduction)
        # Kept as Paddle keeps it: its forward does not hand it on.
        self.distance_function = distance_function

    def forward(self, input: Any, positive: Any, negative: Any) -> Any:
        return self._loss(input, positive, negative)


class TripletMarginLoss(_Loss):
    """nn.functional.triplet_margin_loss as a layer."""

    _function = F.triplet_margin_loss

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, epsilon: float = 1e-06, swap: bool = False, reduction:
        str = "mean", name: str | None = None,
    ):  # fmt: skip
        super().__init__(margin=margin, p=p, epsilon=epsilon, swap=swap, reduction=reduction)

    def forward(self, input: Any, positive: Any, negative: Any) -> Any:
        return self._loss(input, positive, negative)


class MultiMarginLoss(_Loss):
    """nn.functional.multi_margin_loss as a layer."""

    _function = F.multi_margin_loss

    def __init__(
        self, p: float = 1, margin: float = 1.0, weight: Any = None, reduction: str = "mean", name: str |
        None = None,
    ):  # fmt: skip
        super().__init__(p=p, margin=margin, weight=weight, reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class SoftMarginLoss(_Loss):
    """nn.functional.soft_margin_loss as a layer."""

    _function = F.soft_margin_loss

    def __init__(self, reduction: str = "mean", name: str | None = None):
        super().__init__(reduction=reduction)

    def forward(self, input: Any, label: Any) -> Any:
        return self._loss(input, label)


class GaussianNLLLoss(_Loss):
    """nn.functional.gaussian_nll_loss as a layer."""

    _function = F.gaussian_nll_loss

    def __init__(self, full: bool = False, epsilon: float = 1e-06, reduction: str = "mean", name: str | None = None):
        super().__init__(full=full, epsilon=epsilon, reduction=reduction)

    def forward(self, input: Any, label: Any, variance: Any) -> Any:
        return self._loss(input, label, variance)


class RNNTLoss(Layer):
    """nn.functional.rnnt_loss as a layer."""

    def __init__(
        self, blank: int = 0, fastemit_lambda: float = 0.001, reduction: str = "mean", name: str | None = None
    ):
        super().__init__()
        self.blank, self.fastemit_lambda, self.reduction = blank, fastemit_lambda, reduction

    def forward(self, input: Any, label: Any, input_lengths: Any, label_lengths: Any) -> Any:
        return F.rnnt_loss(input, label, input_lengths, label_lengths, self.blank, self.fastemit_lambda, self.reduction)


class HSigmoidLoss(Layer):
    """nn.functional.hsigmoid_loss as a layer: weight [num_classes - 1, feature_size], bias [num_classes - 1, 1].

    is_custom: forward is given the ways through the tree, which may have num_classes inner nodes.
    """

    def __init__(
        self, feature_size: int, num_classes: int, weight_attr: Any = None, bias_attr: Any = None,
        is_custom: bool = False, is_sparse: bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        if num_classes < 2 and not is_custom:
            raise ValueError(f"HSigmoidLoss: num_classes must be at least 2, but received {num_classes}")
        self._num_classes, self._is_custom, self._is_sparse = num_classes, is_custom, is_sparse
        nodes = num_classes if is_custom else num_classes - 1
        self.weight = self.create_parameter([nodes, feature_size], weight_attr)
        self.bias = self.create_parameter([nodes, 1], bias_attr, is_bias=True)

    def forward(self, input: Any, label: Any, path_table: Any = None, path_code: Any = None) -> Any:
        if self._is_custom and (path_table is None or path_code is None):
            raise ValueError("HSigmoidLoss: with is_custom, forward needs path_table and path_code")
        return F.hsigmoid_loss(input, label, self._num_classes, self.weight, self.bias, path_table, path_code)


class CTCLoss(Layer):
    """nn.functional.ctc_loss as a layer."""

    def __init__(self, blank: int = 0, reduction: str = "mean"):
        super().__init__()
        self.blank, self.reduction = blank, reduction

    def forward(
        self, log_probs: Any, labels: Any, input_lengths: Any, label_lengths: Any, norm_by_times: bool = False
    ) -> Any:
        return F.ctc_loss(log_probs, labels, input_lengths, label_lengths, self.blank, self.reduction, norm_by_times)
