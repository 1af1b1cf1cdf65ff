"""The update rules, with Paddle's formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from fxtraced.optimizer.optimizer import Optimizer

State = Callable[[str], torch.Tensor]


def _single(value: float) -> float:
    """The number in single precision, as Paddle's kernels hold it: 1 - 0.999 differs in the fifth digit."""
    return float(np.float32(value))


class SGD(Optimizer):
    """w -= lr * g."""

    def __init__(
        self, learning_rate: Any = 0.001, parameters: Any = None, weight_decay: Any = None, grad_clip: Any = None,
        multi_precision: bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        parameter.sub_(gradient * rate)


class Momentum(Optimizer):
    """v = momentum * v + g; w -= lr * v, or lr * (g + momentum * v) with use_nesterov."""

    _moments = ("velocity",)

    def __init__(
        self, learning_rate: Any = 0.001, momentum: float = 0.9, parameters: Any = None, use_nesterov: bool = False,
        weight_decay: Any = None, grad_clip: Any = None, multi_precision: bool = False, rescale_grad: float = 1.0,
        use_multi_tensor: bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        self._momentum, self._use_nesterov, self._rescale_grad = momentum, use_nesterov, rescale_grad

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        gradient = gradient * self._rescale_grad
        velocity = state("velocity")
        velocity.mul_(self._momentum).add_(gradient)
        parameter.sub_((gradient + velocity * self._momentum if self._use_nesterov else velocity) * rate)


class Adam(Optimizer):
    """Adaptive moments; epsilon is scaled by sqrt(1 - beta2 ** t)."""

    _moments = ("moment1", "moment2")
    _powers = {"beta1_pow_acc": "_beta1", "beta2_pow_acc": "_beta2"}

    def __init__(
        self, learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
        parameters: Any = None, weight_decay: Any = None, grad_clip: Any = None, lazy_mode: bool = False,
        multi_precision: bool = False, use_multi_tensor: bool = False, name: str | None = None,
    ):  # fmt: skip
        for value, label in ((beta1, "beta1"), (beta2, "beta2")):
            if not 0 <= value < 1:
                raise ValueError(f"Invaild value of {label}, expect {label} in [0,1), but received {value}.")
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        self._beta1, self._beta2, self._epsilon = _single(beta1), _single(beta2), float(epsilon)

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        first, second = state("moment1"), state("moment2")
        first.mul_(self._beta1).add_(gradient, alpha=1 - self._beta1)
        second.mul_(self._beta2).addcmul_(gradient, gradient, value=1 - self._beta2)
        correction = torch.sqrt(1 - state("beta2_pow_acc"))
        scale = correction * rate / (1 - state("beta1_pow_acc"))
        parameter.sub_(scale * first / (torch.sqrt(second) + self._epsilon * correction))


class AdamW(Adam):
    """Adam with decay of the weights themselves: w *= 1 - lr * weight_decay.

    apply_decay_param_fun(name) says whether a parameter decays; lr_ratio(parameter) scales its learning rate.
    """

    def __init__(
        self, learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
        parameters: Any = None, weight_decay: Any = 0.01, lr_ratio: Callable[[Any], float] | None = None,
        apply_decay_param_fun: Callable[[str], bool] | None = None, grad_clip: Any = None, lazy_mode: bool = False,
        multi_precision: bool = False, name: str | None = None,
    ):  # fmt: skip
        if not isinstance(weight_decay, int | float):
            raise TypeError(f"weight_decay should be float, but received {type(weight_decay)}")
        super().__init__(learning_rate, beta1, beta2, epsilon, parameters, None, grad_clip, name=name)
        self._coeff, self._lr_ratio, self._apply_decay_param_fun = weight_decay, lr_ratio, apply_decay_param_fun

    def _decays_gradient(self) -> bool:
        return False

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        if self._lr_ratio is not None:
            rate = rate * self._lr_ratio(original)
        decides = self._apply_decay_param_fun
        if decides is None or decides(original.__dict__.get("_name", "")):
            parameter.mul_(1 - rate * group.get("weight_decay", self._coeff))
        super()._update(parameter, gradient, rate, state, original, group)


class Adagrad(Optimizer):
    """m += g * g; w -= lr * g / (sqrt(m) + epsilon)."""

    _moments = ("moment",)

    def __init__(
        self, learning_rate: Any, epsilon: float = 1e-6, parameters: Any = None, weight_decay: Any = None,
        grad_clip: Any = None, name: str | None = None, initial_accumulator_value: float = 0.0,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        self._epsilon, self._initial = epsilon, initial_accumulator_value

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        moment = state("moment")
        moment.addcmul_(gradient, gradient)
        parameter.sub_(gradient * rate / (torch.sqrt(moment) + self._epsilon))


class RMSProp(Optimizer):
    """The gradient over the root of its mean square; epsilon is under the root, momentum holds the learning rate."""

    _moments = ("momentum", "mean_square", "mean_grad")

    def __init__(
        self, learning_rate: Any, rho: float = 0.95, epsilon: float = 1e-6, momentum: float = 0.0,
        centered: bool = False, parameters: Any = None, weight_decay: Any = None, grad_clip: Any = None,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        self._rho, self._epsilon, self._momentum, self._centered = _single(rho), epsilon, momentum, centered

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        square, momentum = state("mean_square"), state("momentum")
        square.mul_(self._rho).addcmul_(gradient, gradient, value=1 - self._rho)
        spread = square
        if self._centered:
            mean = state("mean_grad")
            mean.mul_(self._rho).add_(gradient, alpha=1 - self._rho)
            spread = square - mean * mean
        momentum.mul_(self._momentum).add_(gradient * rate / torch.sqrt(spread + self._epsilon))
        parameter.sub_(momentum)


class Adamax(Optimizer):
    """Adam with the greatest gradient in place of the second moment."""

    _moments = ("moment", "inf_norm")
    _powers = {"beta1_pow_acc": "_beta1"}

    def __init__(
        self, learning_rate: Any = 0.001, beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8,
        parameters: Any = None, weight_decay: Any = None, grad_clip: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        self._beta1, self._beta2, self._epsilon = _single(beta1), _single(beta2), epsilon

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        moment, greatest = state("moment"), state("inf_norm")
        moment.mul_(self._beta1).add_(gradient, alpha=1 - self._beta1)
        greatest.copy_(torch.maximum(torch.abs(gradient), greatest * self._beta2 + self._epsilon))
        parameter.sub_(rate / (1 - state("beta1_pow_acc")) * moment / greatest)


class Adadelta(Optimizer):
    """Steps whose size is the ratio of the means of squared updates and squared gradients."""

    _moments = ("_avg_squared_grad", "_avg_squared_update")

    def __init__(
        self, learning_rate: Any = 0.001, epsilon: float = 1e-6, rho: float = 0.95, parameters: Any = None,
        weight_decay: Any = None, grad_clip: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        self._epsilon, self._rho = epsilon, _single(rho)

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        squares, updates = state("_avg_squared_grad"), state("_avg_squared_update")
        squares.mul_(self._rho).addcmul_(gradient, gradient, value=1 - self._rho)
        step = torch.sqrt((updates + self._epsilon) / (squares + self._epsilon)) * gradient
        updates.mul_(self._rho).addcmul_(step, step, value=1 - self._rho)
        parameter.sub_(step * rate)


class Lamb(Optimizer):
    """Adam's step with weight decay, scaled layer by layer to the norm of the weights."""

    _moments = ("moment1", "moment2")
    _powers = {"beta1_pow_acc": "_beta1", "beta2_pow_acc": "_beta2"}

    def __init__(
        self, learning_rate: Any = 0.001, lamb_weight_decay: float = 0.01, beta1: float = 0.9, beta2: float = 0.999,
        epsilon: float = 1e-6, parameters: Any = None, grad_clip: Any = None,
        exclude_from_weight_decay_fn: Callable[[Any], bool] | None = None, multi_precision: bool = False,
        always_adapt: bool = False, name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, None, grad_clip, name)
        self._beta1, self._beta2, self._epsilon, self._decay = (
            _single(beta1),
            _single(beta2),
            epsilon,
            lamb_weight_decay,
        )
        self._exclude, self._always_adapt = exclude_from_weight_decay_fn, always_adapt

    def _update(self, parameter: Any, gradient: Any, rate: float, state: State, original: Any, group: Any) -> None:
        first, second = state("moment1"), state("moment2")
        first.mul_(self._beta1).add_(gradient, alpha=1 - self._beta1)
        second.mul_(self._beta2).addcmul_(gradient, gradient, value=1 - self._beta2)
        decay = 0.0 if self._exclude is not None and self._exclude(original) else self._decay
        mean, spread = first / (1 - state("beta1_pow_acc")), second / (1 - state("beta2_pow_acc"))
        step = mean / (torch.sqrt(spread) + self._epsilon) + decay * parameter
        if decay or self._always_adapt:
            size, length = torch.linalg.vector_norm(parameter), torch.linalg.vector_norm(step)
            step = step * torch.where((size > 0) & (length > 0), size / length, torch.ones_like(size))
        parameter.sub_(step * rate)
