"""Learning-rate schedulers (paddle.optimizer.lr). A scheduler is called for its rate, and stepped by the user."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

__all__ = [
    "CosineAnnealingDecay", "CosineAnnealingWarmRestarts", "CyclicLR", "ExponentialDecay", "InverseTimeDecay",
    "LRScheduler", "LambdaDecay", "LinearLR", "LinearWarmup", "MultiStepDecay", "MultiplicativeDecay",
    "NaturalExpDecay", "NoamDecay", "OneCycleLR", "PiecewiseDecay", "PolynomialDecay", "ReduceOnPlateau", "StepDecay",
]  # fmt: skip


class LRScheduler:
    """The base of schedulers: get_lr() gives the rate of last_epoch. The first step happens on construction."""

    def __init__(self, learning_rate: float = 0.1, last_epoch: int = -1, verbose: bool = False):
        if not isinstance(learning_rate, float | int):
            raise TypeError(f"The type of learning rate must be float, but received {type(learning_rate)}")
        if learning_rate < 0:
            raise ValueError(f"Invalid learning rate: {learning_rate}")
        self.base_lr = self.last_lr = float(learning_rate)
        self.last_epoch, self.verbose = last_epoch, verbose
        self.step()

    def __call__(self) -> float:
        """The current learning rate."""
        return self.last_lr

    def get_lr(self) -> float:
        """The rate of last_epoch; a subclass gives it."""
        raise NotImplementedError(f"{type(self).__name__} has no get_lr")

    def step(self, epoch: int | None = None) -> None:
        """Go on by one epoch, or to the given one."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = getattr(self, "_get_closed_form_lr", None)
        self.last_lr = closed() if epoch is not None and closed else self.get_lr()
        self._report()

    def _report(self) -> None:
        if self.verbose:
            print(f"Epoch {self.last_epoch}: {type(self).__name__} set learning rate to {self.last_lr}.")

    def state_keys(self) -> None:
        """Set self.keys, the attributes that make up the state."""
        self.keys = ["last_epoch", "last_lr"]

    def state_dict(self) -> dict[str, Any]:
        """The attributes of self.keys, tensors as floats."""
        self.state_keys()
        values = {key: self.__dict__[key] for key in self.keys if key in self.__dict__}
        return {key: float(value) if hasattr(value, "item") else value for key, value in values.items()}

    def set_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what state_dict gave. Raises RuntimeError for a missing key."""
        self.state_keys()
        for key in self.keys:
            if key not in state_dict:
                raise RuntimeError(
                    f"Please check whether state_dict is correct for optimizer. Can't find [ {key} ] in state_dict"
                )
            self.__dict__[key] = state_dict[key]
        if len(state_dict) > len(self.keys):
            warnings.warn("There are some unused values in state_dict of the LRScheduler.", stacklevel=2)

    set_dict = set_state_dict


class NoamDecay(LRScheduler):
    """lr * d_model ** -0.5 * min(epoch ** -0.5, epoch * warmup_steps ** -1.5)."""

    def __init__(
        self, d_model: float, warmup_steps: int, learning_rate: float = 1.0, last_epoch: int = -1, verbose: bool = False
    ):
        if d_model <= 0:
            raise ValueError(f"d_model should be grater than 0, but is {d_model}")
        self.d_model, self.warmup_steps = d_model, warmup_steps
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        decay = 1 if self.last_epoch == 0 else self.last_epoch**-0.5
        return self.base_lr * self.d_model**-0.5 * min(decay, self.warmup_steps**-1.5 * self.last_epoch)


class PiecewiseDecay(LRScheduler):
    """values[i] until boundaries[i], then the last value."""

    def __init__(self, boundaries: list[int], values: list[float], last_epoch: int = -1, verbose: bool = False):
        if len(values) != len(boundaries) + 1:
            raise ValueError(f"PiecewiseDecay needs one value more than boundaries, but received {len(values)} values")
        self.boundaries, self.values = boundaries, values
        super().__init__(last_epoch=last_epoch, verbose=verbose)

    def get_lr(self) -> float:
        passed = sum(self.last_epoch >= boundary for boundary in self.boundaries)
        return self.values[passed]


class _Gamma(LRScheduler):
    def __init__(self, learning_rate: float, gamma: float, last_epoch: int = -1, verbose: bool = False):
        self.gamma = gamma
        super().__init__(learning_rate, last_epoch, verbose)


class NaturalExpDecay(_Gamma):
    """lr * exp(-gamma * epoch)."""

    def get_lr(self) -> float:
        return self.base_lr * math.exp(-self.gamma * self.last_epoch)


class InverseTimeDecay(_Gamma):
    """lr / (1 + gamma * epoch)."""

    def get_lr(self) -> float:
        return self.base_lr / (1 + self.gamma * self.last_epoch)


class ExponentialDecay(_Gamma):
    """lr * gamma ** epoch."""

    def get_lr(self) -> float:
        return self.base_lr * self.gamma**self.last_epoch


class PolynomialDecay(LRScheduler):
    """From lr to end_lr in decay_steps as (1 - epoch / decay_steps) ** power; with cycle decay_steps grows instead."""

    def __init__(
        self, learning_rate: float, decay_steps: int, end_lr: float = 0.0001, power: float = 1.0, cycle: bool = False,
        last_epoch: int = -1, verbose: bool = False,
    ):  # fmt: skip
        self.decay_steps, self.end_lr, self.power, self.cycle = decay_steps, end_lr, power, cycle
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        steps = self.decay_steps
        if self.cycle:
            steps *= max(1, math.ceil(self.last_epoch / steps))
        epoch = self.last_epoch if self.cycle else min(self.last_epoch, steps)
        return (self.base_lr - self.end_lr) * (1 - epoch / steps) ** self.power + self.end_lr


class LinearWarmup(LRScheduler):
    """From start_lr to end_lr in warmup_steps, then learning_rate (a number or another scheduler)."""

    def __init__(
        self, learning_rate: Any, warmup_steps: int, start_lr: float, end_lr: float, last_epoch: int = -1,
        verbose: bool = False,
    ):  # fmt: skip
        if not isinstance(learning_rate, float | int | LRScheduler):
            raise TypeError(f"the type of learning_rate should be [int, float or LRScheduler], got {learning_rate!r}")
        if end_lr <= start_lr:
            raise AssertionError(f"end_lr {end_lr} must be greater than start_lr {start_lr}")
        self.learning_rate, self.warmup_steps = learning_rate, warmup_steps
        self.start_lr, self.end_lr = start_lr, end_lr
        super().__init__(start_lr, last_epoch, verbose)

    def state_dict(self) -> dict[str, Any]:
        state = super().state_dict()
        if isinstance(self.learning_rate, LRScheduler):
            state["LinearWarmup_LR"] = self.learning_rate.state_dict()
        return state

    def set_state_dict(self, state_dict: dict[str, Any]) -> None:
        own = dict(state_dict)
        inner = own.pop("LinearWarmup_LR", None)
        super().set_state_dict(own)
        if isinstance(self.learning_rate, LRScheduler) and inner is not None:
            self.learning_rate.set_state_dict(inner)

    def get_lr(self) -> float:
        if self.last_epoch < self.warmup_steps:
            return (self.end_lr - self.start_lr) * self.last_epoch / self.warmup_steps + self.start_lr
        if isinstance(self.learning_rate, LRScheduler):
            self.learning_rate.step(self.last_epoch - self.warmup_steps)
            return self.learning_rate()
        return self.learning_rate


class MultiStepDecay(LRScheduler):
    """lr * gamma ** (number of milestones reached)."""

    def __init__(
        self, learning_rate: float, milestones: list[int], gamma: float = 0.1, last_epoch: int = -1,
        verbose: bool = False,
    ):  # fmt: skip
        if not isinstance(milestones, list | tuple):
            raise TypeError(f"'milestones' in 'MultiStepDecay' must be 'tuple, list', but received {type(milestones)}")
        if any(b <= a for a, b in pairwise(milestones)):
            raise ValueError("The elements of milestones must be incremented")
        if gamma >= 1.0:
            raise ValueError("gamma should be < 1.0.")
        self.milestones, self.gamma = milestones, gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.gamma ** sum(self.last_epoch >= milestone for milestone in self.milestones)


class StepDecay(LRScheduler):
    """lr * gamma ** (epoch // step_size)."""

    def __init__(
        self, learning_rate: float, step_size: int, gamma: float = 0.1, last_epoch: int = -1, verbose: bool = False
    ):
        if not isinstance(step_size, int):
            raise TypeError(f"The type of 'step_size' must be 'int', but received {type(step_size)}.")
        if gamma >= 1.0:
            raise ValueError("gamma should be < 1.0.")
        self.step_size, self.gamma = step_size, gamma
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.gamma ** (self.last_epoch // self.step_size)


class LambdaDecay(LRScheduler):
    """lr * lr_lambda(epoch)."""

    def __init__(
        self, learning_rate: float, lr_lambda: Callable[[int], float], last_epoch: int = -1, verbose: bool = False
    ):
        if not callable(lr_lambda):
            raise TypeError(f"The type of 'lr_lambda' must be 'function', but received {type(lr_lambda)}.")
        self.lr_lambda = lr_lambda
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        return self.base_lr * self.lr_lambda(self.last_epoch)


class MultiplicativeDecay(LambdaDecay):
    """lr * lr_lambda(1) * ... * lr_lambda(epoch)."""

    def get_lr(self) -> float:
        return self.base_lr * math.prod(self.lr_lambda(epoch) for epoch in range(1, self.last_epoch + 1))


class CosineAnnealingDecay(LRScheduler):
    """From lr to eta_min along a cosine of half period T_max, and back."""

    def __init__(
        self, learning_rate: float, T_max: int, eta_min: float = 0, last_epoch: int = -1, verbose: bool = False
    ):
        if not isinstance(T_max, int):
            raise TypeError(f"The type of 'T_max' in 'CosineAnnealingDecay' must be 'int', but received {type(T_max)}.")
        self.T_max, self.eta_min = T_max, float(eta_min)
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        if self.last_epoch == 0:
            return self.base_lr
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            return self.last_lr + (self.base_lr - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        ratio = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / (
            1 + math.cos(math.pi * (self.last_epoch - 1) / self.T_max)
        )
        return ratio * (self.last_lr - self.eta_min) + self.eta_min

    def _get_closed_form_lr(self) -> float:
        phase = math.cos(math.pi * self.last_epoch / self.T_max)
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + phase) / 2


class LinearLR(LRScheduler):
    """lr times a factor that goes from start_factor to end_factor in total_steps."""

    def __init__(
        self, learning_rate: float, total_steps: int, start_factor: float = 1.0 / 3, end_factor: float = 1.0,
        last_epoch: int = -1, verbose: bool = False,
    ):  # fmt: skip
        if not 0 < start_factor <= 1 or not 0 <= end_factor <= 1:
            raise ValueError(
                f"LinearLR: start_factor must lie in (0, 1] and end_factor in [0, 1], "
                f"but received {start_factor} and {end_factor}"
            )
        self.total_steps, self.start_factor, self.end_factor = total_steps, start_factor, end_factor
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        if self.last_epoch == 0:
            return self.base_lr * self.start_factor
        if self.last_epoch > self.total_steps:
            return self.last_lr
        # From the last rate, as in Paddle: a schedule that starts at a last_epoch goes up from the whole rate.
        rise = self.end_factor - self.start_factor
        return self.last_lr * (1.0 + rise / (self.total_steps * self.start_factor + (self.last_epoch - 1) * rise))


class OneCycleLR(LRScheduler):
    """Up from max_learning_rate / divide_factor to max_learning_rate and down to end_learning_rate in total_steps."""

    def __init__(
        self, max_learning_rate: float, total_steps: int, divide_factor: float = 25.0,
        end_learning_rate: float = 0.0001, phase_pct: float = 0.3, anneal_strategy: str = "cos",
        three_phase: bool = False, last_epoch: int = -1, verbose: bool = False,
    ):  # fmt: skip
        if not isinstance(total_steps, int) or total_steps <= 0:
            raise ValueError(f"'total_step' must be a positive integer, but received {total_steps!r}")
        if not 0 <= phase_pct <= 1 or (three_phase and phase_pct >= 0.5):
            raise ValueError(f"'phase_pct' must be between 0 and 1 (0.5 with three_phase), but received {phase_pct}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"'anneal_strategy' must by one of 'cos' or 'linear', but received {anneal_strategy}")
        initial = max_learning_rate / float(divide_factor)
        self.total_steps, self.anneal_strategy = total_steps, anneal_strategy
        self._ends = [phase_pct * total_steps - 1, total_steps - 1]
        self._rates = [initial, max_learning_rate, float(end_learning_rate)]
        if three_phase:
            self._ends.insert(1, 2 * phase_pct * total_steps - 2)
            self._rates.insert(2, initial)
        super().__init__(initial, last_epoch, verbose)

    def get_lr(self) -> float:
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. However the number of total steps is {self.total_steps}"
            )
        phase = sum(self.last_epoch > end for end in self._ends[:-1])
        begin = self._ends[phase - 1] if phase else 0
        done = (self.last_epoch - begin) / (self._ends[phase] - begin)
        low, high = self._rates[phase], self._rates[phase + 1]
        if self.anneal_strategy == "linear":
            return (high - low) * done + low
        return high + (low - high) / 2.0 * (math.cos(math.pi * done) + 1)


class CyclicLR(LRScheduler):
    """Up and down between two rates: step_size_up epochs up, step_size_down (as many by default) down.

    mode: "triangular", "triangular2" (half as high each cycle) or "exp_range" (exp_gamma ** epoch as high); scale_fn
    takes its place, a function of the number of the cycle, or of the epoch for scale_mode="iterations".
    """

    def __init__(
        self, base_learning_rate: float, max_learning_rate: float, step_size_up: int,
        step_size_down: int | None = None, mode: str = "triangular", exp_gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None, scale_mode: str = "cycle", last_epoch: int = -1,
        verbose: bool = False,
    ):  # fmt: skip
        down = step_size_up if step_size_down is None else step_size_down
        if not isinstance(step_size_up, int) or not isinstance(down, int):
            raise TypeError(f"The step sizes must be ints, but received {step_size_up!r} and {step_size_down!r}")
        if step_size_up <= 0 or down <= 0 or max_learning_rate < 0:
            raise ValueError(
                "CyclicLR: step_size_up, step_size_down and max_learning_rate must be positive, but received "
                f"{step_size_up}, {step_size_down} and {max_learning_rate}"
            )
        scales: dict[str, Callable[[float], float]] = {
            "triangular": lambda x: 1.0,
            "triangular2": lambda x: 0.5 ** (x - 1),
            "exp_range": lambda x: exp_gamma**x,
        }
        if mode not in scales and scale_fn is None:
            raise ValueError(f"'mode' {mode!r} is invalid and 'scale_fn' is not specified")
        if scale_mode not in ("cycle", "iterations"):
            raise ValueError(f"'scale_mode' must be one of 'cycle' or 'iterations', but received {scale_mode!r}")
        self.max_lr, self.cycle_size = max_learning_rate, step_size_up + down
        self.step_up_pct = step_size_up / self.cycle_size
        self.scale_fn = scale_fn or scales[mode]
        self.scale_mode = scale_mode if scale_fn else ("iterations" if mode == "exp_range" else "cycle")
        super().__init__(base_learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        cycle = 1 + self.last_epoch // self.cycle_size
        done = 1.0 + self.last_epoch / self.cycle_size - cycle
        height = done / self.step_up_pct if done <= self.step_up_pct else (1 - done) / (1 - self.step_up_pct)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        return self.base_lr + (self.max_lr - self.base_lr) * height * scale


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half a cosine from the rate to eta_min in T_0 epochs, then again in T_mult times as many, and so on."""

    def __init__(
        self, learning_rate: float, T_0: int, T_mult: int = 1, eta_min: float = 0, last_epoch: int = -1,
        verbose: bool = False,
    ):  # fmt: skip
        if not isinstance(T_0, int) or T_0 <= 0:
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if not isinstance(T_mult, int) or T_mult < 1:
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        self.T_0, self.T_mult, self.eta_min = T_0, T_mult, eta_min
        super().__init__(learning_rate, last_epoch, verbose)

    def get_lr(self) -> float:
        done: float = self.last_epoch
        period = self.T_0
        while done >= period:
            done -= period
            period *= self.T_mult
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + math.cos(math.pi * done / period)) / 2

    def step(self, epoch: int | None = None) -> None:
        if epoch is not None and epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        super().step(epoch)


class ReduceOnPlateau(LRScheduler):
    """Multiplies the rate by factor when the metric has not improved for patience epochs; step takes the metric."""

    def __init__(
        self, learning_rate: float, mode: str = "min", factor: float = 0.1, patience: int = 10,
        threshold: float = 1e-4, threshold_mode: str = "rel", cooldown: int = 0, min_lr: float = 0,
        epsilon: float = 1e-8, verbose: bool = False,
    ):  # fmt: skip
        self.mode, self.threshold_mode = mode.lower(), threshold_mode.lower()
        if self.mode not in ("min", "max"):
            raise ValueError(f"mode: {mode} is unknown!")
        if self.threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode: {threshold_mode} is unknown!")
        if factor >= 1.0:
            raise ValueError("new_lr = origin_lr * gamma and gamma should be < 1.0.")
        self.factor, self.patience, self.threshold = factor, patience, threshold
        self.cooldown, self.min_lr, self.epsilon, self.verbose = cooldown, min_lr, epsilon, verbose
        self.cooldown_counter, self.best, self.num_bad_epochs = 0, None, 0
        self.base_lr = self.last_lr = float(learning_rate)
        self.last_epoch = 0

    def state_keys(self) -> None:
        self.keys = ["cooldown_counter", "best", "num_bad_epochs", "last_epoch", "last_lr"]

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Go on by one epoch whose metric is this."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        value = float(metrics)
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            return
        if self.best is None or self._is_better(value, self.best):
            self.best, self.num_bad_epochs = value, 0  # type: ignore[assignment]
        else:
            self.num_bad_epochs += 1
        if self.num_bad_epochs > self.patience:
            self.cooldown_counter, self.num_bad_epochs = self.cooldown, 0
            rate = max(self.last_lr * self.factor, self.min_lr)
            if self.last_lr - rate > self.epsilon:
                self.last_lr = rate
                self._report()

    def _is_better(self, current: float, best: float) -> bool:
        margin = best * self.threshold if self.threshold_mode == "rel" else self.threshold
        return current < best - margin if self.mode == "min" else current > best + margin
