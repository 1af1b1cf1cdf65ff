"""Optimizer: parameters, gradients, weight decay, clipping and state; a subclass gives the update of one parameter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from fxtraced.nn._names import parameter_name
from fxtraced.optimizer.lr import LRScheduler
from fxtraced.regularizer import L2Decay, WeightDecayRegularizer
from fxtraced.tensor.tensor import as_tensor


class Optimizer:
    """The base of all optimizers (paddle.optimizer.Optimizer). Updates are in place and outside autograd.

    parameters is a list of tensors or of groups {"params": [...], "learning_rate": factor, "weight_decay": ...}.
    weight_decay is a float (L2) or a regularizer; a parameter's own regularizer goes before it.
    """

    # The names of the tensors a parameter needs, in the shape of the parameter.
    _moments: tuple[str, ...] = ()
    # Powers of the betas that a parameter needs: name -> the attribute with the beta.
    _powers: dict[str, str] = {}
    _initial = 0.0

    def __init__(
        self, learning_rate: Any, parameters: Any = None, weight_decay: Any = None, grad_clip: Any = None,
        name: str | None = None,
    ):  # fmt: skip
        if not isinstance(learning_rate, float | int | LRScheduler):
            raise TypeError(f"learning rate should be float or LRScheduler, got {type(learning_rate)} here")
        if parameters is None:
            raise AttributeError("parameters argument given to the Optimizer should not be None in dygraph mode.")
        if isinstance(parameters, torch.Tensor | dict):
            raise TypeError(
                "`parameters` argument given to the optimizer should be an iterable of Tensors, "
                f"but got {type(parameters)}"
            )
        self._learning_rate, self._grad_clip, self._name = learning_rate, grad_clip, name
        self.regularization = _regularizer(weight_decay)
        items = list(parameters)
        groups = items if items and isinstance(items[0], dict) else [{"params": items}]
        self._param_groups = [{**group, "params": list(group["params"])} for group in groups]
        self._accumulators: dict[str, dict[int, torch.Tensor]] = {}
        self._held: dict[str, Any] = {}

    # --- what a subclass gives ----------------------------------------------------------------------------------

    def _update(
        self, parameter: torch.Tensor, gradient: torch.Tensor, rate: float, state: Callable[[str], torch.Tensor],
        original: Any, group: dict[str, Any],
    ) -> None:  # fmt: skip
        """Move one parameter (plain torch tensors); state(name) is one of its tensors."""
        raise TypeError(f"{type(self).__name__} has no update")

    def _decays_gradient(self) -> bool:
        return True

    # --- steps --------------------------------------------------------------------------------------------------

    @torch.no_grad()
    def step(self) -> None:
        """Update every trainable parameter that has a gradient."""
        for group in self._param_groups:
            pairs = [(p, p.grad) for p in group["params"] if p.requires_grad and p.grad is not None]
            self._apply(pairs, group)

    def apply_gradients(self, params_grads: list[tuple[Any, Any]]) -> list[Any]:
        """Update these parameters with these gradients."""
        with torch.no_grad():
            self._apply([pair for pair in params_grads if pair[1] is not None], self._param_groups[0])
        return []

    def minimize(
        self, loss: Any, startup_program: Any = None, parameters: Any = None, no_grad_set: Any = None
    ) -> tuple[None, list[tuple[Any, Any]]]:
        """step(), after the caller's loss.backward(); returns (None, [(parameter, gradient)])."""
        self.step()
        wanted = self._parameter_list if parameters is None else parameters
        return None, [(p, p.grad) for p in wanted if p.grad is not None]

    def clear_grad(self, set_to_zero: bool = True) -> None:
        """Zero the gradients, or drop them with set_to_zero=False."""
        for parameter in self._parameter_list:
            if parameter.grad is not None:
                if set_to_zero:
                    torch.Tensor.zero_(parameter.grad.detach())
                else:
                    parameter.grad = None

    clear_gradients = clear_grad

    @property
    def _parameter_list(self) -> list[Any]:
        return [parameter for group in self._param_groups for parameter in group["params"]]

    def _apply(self, pairs: list[tuple[Any, Any]], group: dict[str, Any]) -> None:
        clip = group.get("grad_clip", self._grad_clip)
        if clip is not None:
            pairs = clip(pairs)
        shared = _regularizer(group["weight_decay"]) if "weight_decay" in group else self.regularization
        for original, given in pairs:
            parameter = original.detach().as_subclass(torch.Tensor)
            gradient = given.detach().as_subclass(torch.Tensor)
            regularizer = getattr(original, "regularizer", None) or shared
            if regularizer is not None and self._decays_gradient():
                gradient = gradient + regularizer.gradient(parameter)
            factor = getattr(original, "optimize_attr", {}).get("learning_rate", 1.0) * group.get("learning_rate", 1.0)

            def state(name: str, parameter: torch.Tensor = parameter, original: Any = original) -> torch.Tensor:
                return self._accumulators[name][id(original)]

            self._make_state(original, parameter)
            self._update(parameter, gradient, self.get_lr() * factor, state, original, group)
            for name, beta in self._powers.items():
                state(name).mul_(getattr(self, beta))

    # --- learning rate ------------------------------------------------------------------------------------------

    def get_lr(self) -> float:
        """The learning rate of the next step."""
        return self._learning_rate() if isinstance(self._learning_rate, LRScheduler) else float(self._learning_rate)

    def set_lr(self, value: float) -> None:
        """Set a constant learning rate. Raises RuntimeError when a scheduler is in charge."""
        if not isinstance(value, int | float):
            raise TypeError(f"The type of 'value' in optimizer.set_lr must be float, but received {type(value)}.")
        if isinstance(self._learning_rate, LRScheduler):
            raise RuntimeError(
                "optimizer's learning rate can't be LRScheduler when invoke this API, "
                "because this will lead to conflict."
            )
        self._learning_rate = float(value)

    def set_lr_scheduler(self, scheduler: LRScheduler) -> None:
        """Let this scheduler give the learning rate."""
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(f"set_lr_scheduler: scheduler must be an LRScheduler, but received {type(scheduler)}")
        self._learning_rate = scheduler

    # --- state --------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """The tensors of updated parameters by Paddle's names (linear_0.w_0_moment1_0), and the scheduler's state."""
        found: dict[str, Any] = {}
        for name, tensors in self._accumulators.items():
            for index, parameter in enumerate(self._parameter_list):
                if id(parameter) in tensors:
                    key = self._key(parameter, name, index)
                    found[key] = as_tensor(tensors[id(parameter)])
                    found[key].name = key
        if isinstance(self._learning_rate, LRScheduler):
            found["LR_Scheduler"] = self._learning_rate.state_dict()
        return found

    def set_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict gave; tensors of parameters without state yet wait for their first update."""
        held = dict(state_dict)
        scheduler = held.pop("LR_Scheduler", None)
        if isinstance(self._learning_rate, LRScheduler):
            if scheduler is None:
                raise KeyError("set_state_dict: the state of the LRScheduler ('LR_Scheduler') is missing")
            self._learning_rate.set_state_dict(scheduler)
        held.pop("master_weights", None)
        for name, tensors in self._accumulators.items():
            for index, parameter in enumerate(self._parameter_list):
                if id(parameter) in tensors:
                    key = self._key(parameter, name, index)
                    if key not in held:
                        raise AssertionError(f"optimizer Tensor {key} not found")
                    _load(tensors[id(parameter)], held[key], key)
        self._held = held

    set_dict = set_state_dict

    def _key(self, parameter: Any, name: str, index: int) -> str:
        return f"{parameter_name(parameter, f'param_{index}')}_{name}_0"

    def _make_state(self, original: Any, parameter: torch.Tensor) -> None:
        for name in (*self._moments, *self._powers):
            tensors = self._accumulators.setdefault(name, {})
            if id(original) in tensors:
                continue
            if name in self._powers:
                beta = getattr(self, self._powers[name])
                made = torch.full([1], beta, dtype=parameter.dtype, device=parameter.device)
            else:
                made = torch.full_like(parameter, self._initial)
            index = next((i for i, p in enumerate(self._parameter_list) if p is original), 0)
            key = self._key(original, name, index)
            if key in self._held:
                _load(made, self._held[key], key)
            tensors[id(original)] = made


def _regularizer(weight_decay: Any) -> WeightDecayRegularizer | None:
    if weight_decay is None or isinstance(weight_decay, WeightDecayRegularizer):
        return weight_decay
    if isinstance(weight_decay, int | float):
        return L2Decay(weight_decay)
    raise TypeError(f"weight_decay must be a float or a regularizer, but received {type(weight_decay)}")


def _load(target: torch.Tensor, value: Any, key: str) -> None:
    given = value.detach() if isinstance(value, torch.Tensor) else torch.as_tensor(np.asarray(value))
    if tuple(given.shape) != tuple(target.shape) or given.dtype != target.dtype:
        raise AssertionError(
            f"Parameter not match, optimizer Tensor [ {key} ] needs shape {list(target.shape)} and {target.dtype} "
            f"but load tensor has shape {list(given.shape)} and {given.dtype}"
        )
    with torch.no_grad():
        target.copy_(given.as_subclass(torch.Tensor))
