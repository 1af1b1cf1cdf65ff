"""GradScaler: scales the loss so that small float16 gradients are not lost."""

from __future__ import annotations

import warnings
from typing import Any

import torch

from fxtraced.framework.place import current_device

__all__ = ["GradScaler"]

_STATE = {
    "scale": "_scale",
    "incr_ratio": "_incr_ratio",
    "decr_ratio": "_decr_ratio",
    "incr_every_n_steps": "_incr_every_n_steps",
    "decr_every_n_nan_or_inf": "_decr_every_n_nan_or_inf",
    "incr_count": "_incr_count",
    "decr_count": "_decr_count",
    "use_dynamic_loss_scaling": "_dynamic",
}


class GradScaler:
    """Loss scaling (paddle.amp.GradScaler): scaler.scale(loss).backward(); scaler.step(optimizer); scaler.update().

    A step with an infinite or undefined gradient is left out and the scale falls by decr_ratio; after
    incr_every_n_steps good ones it grows by incr_ratio.
    Has no effect with enable=False and, with a warning, while the current device is the CPU.
    """

    def __init__(
        self,
        enable: bool = True,
        init_loss_scaling: float = 65536.0,
        incr_ratio: float = 2.0,
        decr_ratio: float = 0.5,
        incr_every_n_steps: int = 2000,
        decr_every_n_nan_or_inf: int = 1,
        use_dynamic_loss_scaling: bool = True,
    ):
        if enable and current_device().type == "cpu":
            warnings.warn("GradScaler has no effect on the CPU.", stacklevel=2)
            enable = False
        if enable and (incr_ratio <= 1.0 or not 0.0 < decr_ratio < 1.0):
            raise ValueError(
                f"GradScaler: incr_ratio must be above 1 and decr_ratio between 0 and 1, but received {incr_ratio} "
                f"and {decr_ratio}"
            )
        self._enable = enable
        self._scale = float(init_loss_scaling)
        self._incr_ratio, self._decr_ratio = incr_ratio, decr_ratio
        self._incr_every_n_steps, self._decr_every_n_nan_or_inf = incr_every_n_steps, decr_every_n_nan_or_inf
        self._dynamic = use_dynamic_loss_scaling
        self._incr_count = self._decr_count = 0
        self._found_inf = False
        self._unscaled: set[int] = set()

    def scale(self, var: Any) -> Any:
        """A tensor times the scale."""
        return torch.mul(var, self._scale) if self._enable else var

    @torch.no_grad()
    def unscale_(self, optimizer: Any) -> None:
        """Divide the optimizer's gradients by the scale; once a step. Raises RuntimeError the second time."""
        if not self._enable:
            return
        if id(optimizer) in self._unscaled:
            raise RuntimeError("unscale_() has already been called on this optimizer since the last update().")
        self._unscaled.add(id(optimizer))
        for parameter in optimizer._parameter_list:
            if parameter.grad is not None:
                gradient = parameter.grad.detach().as_subclass(torch.Tensor)
                gradient.mul_(1.0 / self._scale)
                self._found_inf |= not bool(torch.isfinite(gradient).all())

    def step(self, optimizer: Any) -> None:
        """optimizer.step(), with gradients divided by the scale, unless one of them is not finite."""
        if self._enable and id(optimizer) not in self._unscaled:
            self.unscale_(optimizer)
        if not self._found_inf:
            optimizer.step()

    def minimize(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """step and update in one; the arguments are those of optimizer.minimize."""
        if self._enable and id(optimizer) not in self._unscaled:
            self.unscale_(optimizer)
        result = (None, []) if self._found_inf else optimizer.minimize(*args, **kwargs)
        self.update()
        return result

    def update(self) -> None:
        """Adjust the scale after a step."""
        if not self._enable:
            return
        if self._dynamic and self._found_inf:
            self._incr_count, self._decr_count = 0, self._decr_count + 1
            if self._decr_count == self._decr_every_n_nan_or_inf:
                self._scale, self._decr_count = max(self._scale * self._decr_ratio, 1.0), 0
        elif self._dynamic:
            self._incr_count, self._decr_count = self._incr_count + 1, 0
            if self._incr_count == self._incr_every_n_steps:
                self._scale, self._incr_count = self._scale * self._incr_ratio, 0
        self._found_inf = False
        self._unscaled.clear()

    def is_enable(self) -> bool:
        """Whether it has an effect."""
        return self._enable

    def is_use_dynamic_loss_scaling(self) -> bool:
        """Whether the scale is adjusted."""
        return self._dynamic

    def state_dict(self) -> dict[str, Any]:
        """The scale and what it is adjusted by; empty where the scaler has no effect."""
        return {name: getattr(self, attribute) for name, attribute in _STATE.items()} if self._enable else {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict gave. Raises RuntimeError for an empty one."""
        if not self._enable:
            return
        if not state_dict:
            raise RuntimeError("The input state dict is empty, possibly because it is that of a disabled GradScaler.")
        for name, attribute in _STATE.items():
            setattr(self, attribute, state_dict[name])

    set_state_dict = load_state_dict
