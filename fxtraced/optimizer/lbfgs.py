"""LBFGS: the quasi-Newton method, over torch's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import torch

from fxtraced.optimizer.optimizer import Optimizer

__all__ = ["LBFGS"]

# Paddle's names of what torch keeps between steps.
_STATE = {"t": "alpha", "old_dirs": "old_yk", "old_stps": "old_sk"}


class LBFGS(Optimizer):
    """Limited-memory BFGS (paddle.optimizer.LBFGS) over all parameters as one vector; needs float32 or float64.

    max_eval: the most evaluations in a step, 5 / 4 of max_iter for None. line_search_fn: None or "strong_wolfe".
    weight_decay and grad_clip change nothing, as in Paddle. Raises ValueError for groups of parameters.
    """

    def __init__(
        self, learning_rate: float = 1.0, max_iter: int = 20, max_eval: int | None = None,
        tolerance_grad: float = 1e-7, tolerance_change: float = 1e-9, history_size: int = 100,
        line_search_fn: str | None = None, parameters: Any = None, weight_decay: Any = None, grad_clip: Any = None,
        name: str | None = None,
    ):  # fmt: skip
        super().__init__(learning_rate, parameters, weight_decay, grad_clip, name)
        if len(self._param_groups) > 1:
            raise ValueError(f"LBFGS: parameters must be tensors, but received {len(self._param_groups)} groups")
        self._options: dict[str, Any] = {
            "max_iter": max_iter,
            "max_eval": max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        self._state: dict[str, Any] = {}

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """One step of up to max_iter iterations; closure clears the gradients, computes them, and returns the loss.

        Returns the loss before the step. Raises RuntimeError for another line_search_fn.
        """
        parameters = self._parameter_list
        # torch calls methods, so it gets plain tensors, made anew since a parameter's data may have been replaced.
        plain = [parameter.detach().as_subclass(torch.Tensor) for parameter in parameters]
        method = torch.optim.LBFGS(plain, self.get_lr(), **self._options)
        method.state[plain[0]] = self._state

        def evaluate() -> Any:
            loss = closure()
            for parameter, same in zip(parameters, plain, strict=True):
                same.grad = None if parameter.grad is None else parameter.grad.detach().as_subclass(torch.Tensor)
            return loss

        return method.step(evaluate)

    def state_dict(self) -> dict[str, Any]:
        """{"state": what the next step needs, by Paddle's names}."""
        return {"state": {_STATE.get(name, name): value for name, value in self._state.items()}}

    def set_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict gave."""
        names = {theirs: ours for ours, theirs in _STATE.items()}
        self._state = {names.get(name, name): value for name, value in state_dict["state"].items()}

    set_dict = set_state_dict

    def minimize(
        self, loss: Any, startup_program: Any = None, parameters: Any = None, no_grad_set: Any = None
    ) -> NoReturn:
        """Raises NotImplementedError: a step needs a closure."""
        raise NotImplementedError("LBFGS: minimize has no closure to evaluate; call step(closure) instead")
