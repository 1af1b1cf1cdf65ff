"""Random tensors. The numbers are torch's: the distribution is Paddle's, the sequence of a seed is not."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.common import dtype_or, new_device, to_dtype, torch_method
from fxtraced.tensor.shape import int_of, shape_list
from fxtraced.tensor.tensor import as_tensor


def rand(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Uniform in [0, 1)."""
    return as_tensor(torch.rand(shape_list(shape), dtype=dtype_or(dtype), device=new_device()))


def randn(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Normal with mean 0 and standard deviation 1."""
    return as_tensor(torch.randn(shape_list(shape), dtype=dtype_or(dtype), device=new_device()))


def standard_normal(shape: Any, dtype: Any = None, name: Any = None) -> Any:
    """Normal with mean 0 and standard deviation 1."""
    return randn(shape, dtype)


def uniform(shape: Any, dtype: Any = None, min: Any = -1.0, max: Any = 1.0, seed: int = 0, name: Any = None) -> Any:
    """Uniform in [min, max). A seed that is not 0 is used for this call alone."""
    return _seeded(seed, lambda: torch.add(torch.mul(rand(shape, dtype), int_of(max) - int_of(min)), int_of(min)))


def _seeded(seed: int, draw: Any) -> Any:
    if not seed:
        return draw()
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return draw()


def normal(mean: Any = 0.0, std: Any = 1.0, shape: Any = None, name: Any = None) -> Any:
    """Normal with this mean and standard deviation: numbers with a shape ([1]), or tensors, whose shape it takes."""
    if isinstance(mean, torch.Tensor):
        return torch.add(torch.mul(torch.randn_like(mean), std), mean)
    if isinstance(std, torch.Tensor):
        return torch.add(torch.mul(torch.randn_like(std), std), mean)
    return torch.add(torch.mul(randn([1] if shape is None else shape), std), mean)


def randint(low: Any = 0, high: Any = None, shape: Any = [1], dtype: Any = None, name: Any = None) -> Any:  # noqa: B006
    """Whole numbers in [low, high), or in [0, low) without high; int64 unless given."""
    low, high = (0, low) if high is None else (low, high)
    if not low < high:
        raise ValueError(f"randint's low must less then high, but received low = {low}, high = {high}")
    kind = dtype_or(dtype, torch.int64)
    return as_tensor(torch.randint(low, high, shape_list(shape), dtype=kind, device=new_device()))


def randint_like(x: Any, low: Any = 0, high: Any = None, dtype: Any = None, name: Any = None) -> Any:
    """Whole numbers in [low, high), in x's shape and dtype unless given."""
    low, high = (0, low) if high is None else (low, high)
    numbers = torch.randint(low, high, list(x.shape), dtype=torch.int64, device=x.device)
    return as_tensor(to_dtype(numbers, dtype_or(dtype, x.dtype)))


def randperm(n: int, dtype: Any = "int64", name: Any = None) -> Any:
    """The numbers from 0 to n - 1 in a random order."""
    return as_tensor(to_dtype(torch.randperm(n, device=new_device()), dtype_or(dtype)))


def bernoulli(x: Any, name: Any = None) -> Any:
    """1 with the probability that x gives, else 0, element by element."""
    return torch.bernoulli(x)


def poisson(x: Any, name: Any = None) -> Any:
    """Poisson numbers of the rates that x gives, element by element."""
    return torch.poisson(x)


def multinomial(x: Any, num_samples: int = 1, replacement: bool = False, name: Any = None) -> Any:
    """Places drawn from each row of x [..., n], which holds their weights -> [..., num_samples]."""
    return torch.multinomial(x, num_samples, replacement)


def uniform_(x: Any, min: float = -1.0, max: float = 1.0, seed: int = 0, name: Any = None) -> Any:
    """x filled with uniform numbers in [min, max), in place. Raises ValueError unless min < max."""
    if not min < max:
        raise ValueError(f"uniform_: min must be less than max, but received min = {min}, max = {max}")
    return _seeded(seed, lambda: torch_method(x, "uniform_", min, max))


def normal_(x: Any, mean: float = 0.0, std: float = 1.0, name: Any = None) -> Any:
    """x filled with normal numbers, in place."""
    return torch_method(x, "normal_", mean, std)


def exponential_(x: Any, lam: float = 1.0, name: Any = None) -> Any:
    """x filled with exponential numbers of rate lam, in place."""
    return torch_method(x, "exponential_", lam)


def cauchy_(x: Any, loc: float = 0, scale: float = 1, name: Any = None) -> Any:
    """x filled with Cauchy numbers, in place."""
    return torch_method(x, "cauchy_", loc, scale)


def geometric_(x: Any, probs: float, name: Any = None) -> Any:
    """x filled with geometric numbers of success probability probs, in place."""
    return torch_method(x, "geometric_", probs)


METHODS = (multinomial, uniform_, normal_, exponential_, cauchy_, geometric_)
