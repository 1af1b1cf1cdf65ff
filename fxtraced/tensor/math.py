"""Arithmetic: functions of two tensors with broadcasting, scaling and the like. Sums are in reduction.py."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import is_floating
from fxtraced.tensor.common import alike, inplace, operand, promote, to_dtype, torch_method


def _pair(x: Any, y: Any) -> tuple[Any, Any]:
    y = operand(x, y)
    return alike(x, y) if isinstance(y, torch.Tensor) else (x, y)


def _floats(x: Any, y: Any) -> tuple[Any, Any]:
    """The operands of functions that mix floating and complex dtypes, and no others."""
    y = operand(x, y)
    if not isinstance(y, torch.Tensor):
        return x, y
    fractions = [t.dtype.is_floating_point or t.dtype.is_complex for t in (x, y)]
    return promote(x, y) if fractions == [True, True] else alike(x, y)


def _tensors(x: Any, y: Any) -> tuple[Any, Any]:
    """Both operands as tensors, for torch functions that take no numbers."""
    y = operand(x, y)
    return alike(x, y if isinstance(y, torch.Tensor) else torch.full_like(x, y))


def add(x: Any, y: Any, name: Any = None, *, alpha: Any = 1) -> Any:
    """x + alpha * y, broadcast. alpha is torch's."""
    x, y = _floats(x, y)
    return torch.add(x, y, alpha=alpha)


def subtract(x: Any, y: Any, name: Any = None) -> Any:
    """x - y, broadcast."""
    return torch.sub(*_floats(x, y))


def multiply(x: Any, y: Any, name: Any = None) -> Any:
    """x * y, broadcast."""
    return torch.mul(*_floats(x, y))


def divide(x: Any, y: Any, name: Any = None) -> Any:
    """x / y, broadcast. Integer tensors divide to integers, towards zero; the operator `/` gives float32."""
    x, y = _pair(x, y)
    whole = not (is_floating(x.dtype) or x.dtype.is_complex) and isinstance(y, torch.Tensor)
    return torch.div(x, y, rounding_mode="trunc") if whole else torch.div(x, y)


def floor_divide(x: Any, y: Any, name: Any = None) -> Any:
    """floor(x / y), broadcast, in x's dtype."""
    return torch.floor_divide(*_pair(x, y))


def remainder(x: Any, y: Any, name: Any = None) -> Any:
    """x modulo y, broadcast, with y's sign."""
    return torch.remainder(*_pair(x, y))


def mod(x: Any, y: Any, name: Any = None) -> Any:
    """x modulo y, broadcast, with y's sign."""
    return torch.remainder(*_pair(x, y))


def floor_mod(x: Any, y: Any, name: Any = None) -> Any:
    """x modulo y, broadcast, with y's sign."""
    return torch.remainder(*_pair(x, y))


def pow(x: Any, y: Any, name: Any = None) -> Any:
    """x to the power of a number or tensor, in x's dtype: an integer tensor cuts a float exponent to an integer."""
    x, y = _pair(x, y)
    if not isinstance(y, torch.Tensor) and not is_floating(x.dtype) and not x.dtype.is_complex:
        y = int(y)
    return torch.pow(x, y)


def maximum(x: Any, y: Any, name: Any = None) -> Any:
    """The larger of two elements, broadcast; NaN wins. Of equal ones y gets the gradient."""
    x, y = _tensors(x, y)
    if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad):
        return torch.where(torch.gt(x, y) | torch.isnan(x), x, y)
    return torch.maximum(x, y)


def minimum(x: Any, y: Any, name: Any = None) -> Any:
    """The smaller of two elements, broadcast; NaN wins. Of equal ones y gets the gradient."""
    x, y = _tensors(x, y)
    if torch.is_grad_enabled() and (x.requires_grad or y.requires_grad):
        return torch.where(torch.lt(x, y) | torch.isnan(x), x, y)
    return torch.minimum(x, y)


def fmax(x: Any, y: Any, name: Any = None) -> Any:
    """The larger of two elements, broadcast; a number wins over NaN."""
    return torch.fmax(*_tensors(x, y))


def fmin(x: Any, y: Any, name: Any = None) -> Any:
    """The smaller of two elements, broadcast; a number wins over NaN."""
    return torch.fmin(*_tensors(x, y))


def atan2(x: Any, y: Any, name: Any = None) -> Any:
    """The angle of the point (y, x), broadcast; of integers as float64."""
    x, y = alike(x, y)
    return torch.atan2(x, y) if is_floating(x.dtype) else torch.atan2(*(to_dtype(t, torch.float64) for t in (x, y)))


def hypot(x: Any, y: Any, name: Any = None) -> Any:
    """sqrt(x^2 + y^2), broadcast."""
    return torch.hypot(x, y)


def logaddexp(x: Any, y: Any, name: Any = None) -> Any:
    """log(exp(x) + exp(y)), broadcast; integers give float32."""
    x, y = (side if is_floating(side.dtype) else to_dtype(side, torch.float32) for side in (x, y))
    return torch.logaddexp(x, y)


def heaviside(x: Any, y: Any, name: Any = None) -> Any:
    """0 where x < 0, 1 where x > 0, y where x == 0. It has no gradient."""
    return torch.heaviside(torch.detach(x), torch.detach(y))


def nextafter(x: Any, y: Any, name: Any = None) -> Any:
    """The next number after x in the direction of y."""
    return torch.nextafter(x, y)


def gcd(x: Any, y: Any, name: Any = None) -> Any:
    """The greatest common divisor of integers, broadcast."""
    return torch.gcd(x, y)


def lcm(x: Any, y: Any, name: Any = None) -> Any:
    """The least common multiple of integers, broadcast."""
    return torch.abs(torch.lcm(x, y))


def ldexp(x: Any, y: Any, name: Any = None) -> Any:
    """x * 2^y, in float32 unless x is float64."""
    x = x if x.dtype == torch.float64 else to_dtype(x, torch.float32)
    return torch.mul(x, torch.pow(2.0, to_dtype(y, x.dtype)))


def frexp(x: Any, name: Any = None) -> Any:
    """(mantissa, exponent) with x = mantissa * 2^exponent. Differs from torch: the exponent has x's dtype."""
    mantissa, exponent = torch.frexp(x)
    return mantissa, to_dtype(exponent, x.dtype)


def lerp(x: Any, y: Any, weight: Any, name: Any = None) -> Any:
    """x + weight * (y - x). A weight that is a tensor has no gradient."""
    return torch.lerp(x, y, torch.detach(weight) if isinstance(weight, torch.Tensor) else weight)


def scale(
    x: Any, scale: Any = 1.0, bias: float = 0.0, bias_after_scale: bool = True, act: str | None = None, name: Any = None
) -> Any:
    """scale * x + bias, or scale * (x + bias), in x's dtype; act names an activation to apply ("relu", ...).

    A scale that is a tensor has no gradient.
    """
    if isinstance(scale, torch.Tensor):
        scale = torch.detach(scale)
    if not is_floating(x.dtype) and not x.dtype.is_complex and not isinstance(scale, torch.Tensor):
        scale, bias = int(scale), int(bias)
    out = torch.mul(x, scale) + bias if bias_after_scale else torch.mul(torch.add(x, bias), scale)
    out = to_dtype(out, x.dtype)
    return out if act is None else getattr(torch, act)(out)


def clip(x: Any, min: Any = None, max: Any = None, name: Any = None) -> Any:  # noqa: F811
    """Every element held between min and max, numbers or one-element tensors, which have no gradient.

    None leaves that side open.

    Raises ValueError when min is greater than max.
    """
    if min is None and max is None:
        return torch.clone(x)
    if isinstance(min, torch.Tensor) or isinstance(max, torch.Tensor):
        out = x if min is None else torch.maximum(x, _bound(min, x))
        return out if max is None else torch.minimum(out, _bound(max, x))
    if min is not None and max is not None and min > max:
        raise ValueError(f"clip: min must not be greater than max, but received min = {min}, max = {max}")
    if not is_floating(x.dtype):
        min, max = (None if side is None else int(side) for side in (min, max))
    return torch.clamp(x, min, max)


def _bound(value: Any, x: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return torch.reshape(to_dtype(torch.detach(value), x.dtype), [])
    return torch.tensor(value, dtype=x.dtype, device=x.device)


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None, name: Any = None) -> Any:
    """NaN and infinities replaced by numbers; infinities by the dtype's extremes unless given."""
    return torch.nan_to_num(x, nan, posinf, neginf)


def logit(x: Any, eps: float | None = None, name: Any = None) -> Any:
    """log(x / (1 - x)), with x held in [eps, 1 - eps] when eps is given."""
    return torch.logit(x, eps or None)


def stanh(x: Any, scale_a: float = 0.67, scale_b: float = 1.7159, name: Any = None) -> Any:
    """scale_b * tanh(scale_a * x)."""
    return torch.mul(torch.tanh(torch.mul(x, scale_a)), scale_b)


def polygamma(x: Any, n: int, name: Any = None) -> Any:
    """The n-th derivative of digamma. Raises ValueError for a negative n."""
    if n < 0:
        raise ValueError(f"polygamma: n must be >= 0, but received {n}")
    return torch.digamma(x) if n == 0 else torch.polygamma(n, x)


def multigammaln(x: Any, p: int, name: Any = None) -> Any:
    """The logarithm of the multivariate gamma function of dimension p."""
    return torch.special.multigammaln(x, p)


def renorm(x: Any, p: float, axis: int, max_norm: float) -> Any:
    """The slices along axis with their p-norms held below max_norm."""
    return torch.renorm(x, p, axis, max_norm)


def increment(x: Any, value: float = 1.0, name: Any = None) -> Any:
    """Add value to a one-element tensor, in place. Raises ValueError for more elements."""
    if x.ndim > 0 and x.shape.numel() != 1:
        raise ValueError(f"increment: x must have one element, but its shape is {list(x.shape)}")
    torch_method(x, "copy_", to_dtype(torch.add(x, value), x.dtype))
    return x


def add_n(inputs: Any, name: Any = None) -> Any:
    """The sum of a list of tensors of the same shape; of one tensor a copy."""
    tensors = [inputs] if isinstance(inputs, torch.Tensor) else list(inputs)
    total = torch.clone(tensors[0])
    for tensor in tensors[1:]:
        total = torch.add(total, tensor)
    return total


def multiplex(inputs: Any, index: Any, name: Any = None) -> Any:
    """Row i of the result is row i of inputs[index[i]]: k tensors [m, ...] and an int32 index [m, 1] -> [m, ...]."""
    rows = torch.arange(index.shape[0], device=index.device)
    return torch.stack(list(inputs))[torch.reshape(to_dtype(index, torch.int64), [-1]), rows]


def broadcast_shape(x_shape: Any, y_shape: Any) -> list[int]:
    """The shape of x + y, from the two shapes."""
    return list(torch.broadcast_shapes(tuple(x_shape), tuple(y_shape)))


def take(x: Any, index: Any, mode: str = "raise", name: Any = None) -> Any:
    """The elements of the flattened x at index (any shape). Indices out of range raise, "wrap" around or are "clip"ped.

    Raises ValueError for another mode.
    """
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"'mode' in 'take' should be 'raise', 'wrap', 'clip', but received {mode}.")
    flat = torch.reshape(x, [-1])
    size = flat.shape[0]
    if mode == "wrap":
        index = torch.remainder(index, size)
    elif mode == "clip":
        index = torch.clamp(index, 0, size - 1)
    return torch.take(flat, to_dtype(index, torch.int64))


def combinations(x: Any, r: int = 2, with_replacement: bool = False, name: Any = None) -> Any:
    """All choices of r elements of a vector [n] -> [count, r]."""
    return torch.combinations(x, r, with_replacement)


def vander(x: Any, n: int | None = None, increasing: bool = False, name: Any = None) -> Any:
    """The Vandermonde matrix [len(x), n] of a vector; n defaults to len(x)."""
    # torch.vander writes in place what its own gradient needs.
    powers = torch.arange(x.shape[0] if n is None else n, device=x.device)
    table = torch.pow(torch.unsqueeze(x, -1), powers if increasing else torch.flip(powers, [0]))
    return to_dtype(table, x.dtype)


def diff(x: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None, name: Any = None) -> Any:
    """The n-th difference along axis, with tensors joined before and after when given."""
    return torch.diff(x, n, axis, prepend, append)


def trapezoid(y: Any, x: Any = None, dx: float | None = None, axis: int = -1, name: Any = None) -> Any:
    """The integral of y along axis by trapezia, at the points x or in steps of dx (1). Not both: ValueError."""
    if x is not None and dx is not None:
        raise ValueError("trapezoid: give x or dx, not both")
    return torch.trapezoid(y, dx=1.0 if dx is None else dx, dim=axis) if x is None else torch.trapezoid(y, x, dim=axis)


def cumulative_trapezoid(y: Any, x: Any = None, dx: float | None = None, axis: int = -1, name: Any = None) -> Any:
    """The running integral of y along axis by trapezia, at the points x or in steps of dx (1). Not both: ValueError."""
    if x is not None and dx is not None:
        raise ValueError("cumulative_trapezoid: give x or dx, not both")
    if x is None:
        return torch.cumulative_trapezoid(y, dx=1.0 if dx is None else dx, dim=axis)
    return torch.cumulative_trapezoid(y, x, dim=axis)


def inner(x: Any, y: Any, name: Any = None) -> Any:
    """The sum of products over the last axes: [..., n] and [..., n]; a 0-D tensor scales."""
    return torch.inner(x, y)


def outer(x: Any, y: Any, name: Any = None) -> Any:
    """The products of all pairs: flattened x [n] and y [m] -> [n, m]."""
    return torch.outer(torch.reshape(x, [-1]), torch.reshape(y, [-1]))


def kron(x: Any, y: Any, name: Any = None) -> Any:
    """The Kronecker product."""
    return torch.kron(x, y)


def addmm(input: Any, x: Any, y: Any, beta: float = 1.0, alpha: float = 1.0, name: Any = None) -> Any:
    """beta * input + alpha * x @ y: x [m, k], y [k, n], input broadcast to [m, n]."""
    return torch.addmm(input, x, y, beta=beta, alpha=alpha)


def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, name: Any = None) -> Any:
    """The sum along a diagonal of the plane (axis1, axis2); int32 stays int32."""
    return torch.sum(torch.diagonal(x, offset, axis1, axis2), -1, dtype=x.dtype)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, name: Any = None) -> Any:
    """A diagonal of the plane (axis1, axis2), as the last axis."""
    return torch.diagonal(x, offset, axis1, axis2)


add_ = inplace(add)
subtract_ = inplace(subtract)
multiply_ = inplace(multiply)
divide_ = inplace(divide)
floor_divide_ = inplace(floor_divide)
remainder_ = inplace(remainder)
mod_ = inplace(mod)
floor_mod_ = inplace(floor_mod)
pow_ = inplace(pow)
hypot_ = inplace(hypot)
gcd_ = inplace(gcd)
lcm_ = inplace(lcm)
ldexp_ = inplace(ldexp, may_reform=True)
lerp_ = inplace(lerp)
scale_ = inplace(scale)
clip_ = inplace(clip)
nan_to_num_ = inplace(nan_to_num)
logit_ = inplace(logit)
polygamma_ = inplace(polygamma)
multigammaln_ = inplace(multigammaln)
renorm_ = inplace(renorm)
addmm_ = inplace(addmm)

METHODS = (
    add, subtract, multiply, divide, floor_divide, remainder, mod, floor_mod, pow, maximum, minimum, fmax, fmin,
    atan2, hypot, logaddexp, heaviside, nextafter, gcd, lcm, ldexp, frexp, lerp, scale, clip, nan_to_num, logit,
    stanh, polygamma, multigammaln, renorm, increment, add_n, multiplex, take, combinations, vander, diff,
    trapezoid, cumulative_trapezoid, inner, outer, kron, addmm, trace, diagonal,
    add_, subtract_, multiply_, divide_, floor_divide_, remainder_, mod_, floor_mod_, pow_, hypot_, gcd_, lcm_,
    ldexp_, lerp_, scale_, clip_, nan_to_num_, logit_, polygamma_, multigammaln_, renorm_, addmm_,
)  # fmt: skip

# Paddle has these here too.
# fmt: off
# isort: off
from fxtraced.tensor.ops import (  # noqa: E402, F401
    abs, abs_, acos, acos_, acosh, acosh_, angle, asin, asin_, asinh, asinh_, atan, atan_, atanh, atanh_, ceil, ceil_,
    conj, cos, cos_, cosh, cosh_, deg2rad, digamma, digamma_, erf, erf_, erfinv, erfinv_, exp, exp_, expm1, expm1_,
    floor, floor_, frac, frac_, i0, i0_, i0e, i1, i1e, isfinite, isinf, isnan, lgamma, lgamma_, log, log10, log10_,
    log1p, log1p_, log2, log2_, log_, neg, neg_, rad2deg, reciprocal, reciprocal_, round, round_, rsqrt, rsqrt_, sgn,
    sigmoid, sigmoid_, sign, sin, sin_, sinh, sinh_, sqrt, sqrt_, square, square_, tan, tan_, tanh, tanh_, trunc,
    trunc_,
)
from fxtraced.tensor.reduction import (  # noqa: E402, F401
    all, amax, amin, any, count_nonzero, cummax, cummin, cumprod, cumprod_, cumsum, cumsum_, logcumsumexp, logsumexp,
    max, min, nanmean, nansum, prod, sum,
)
# isort: on
# fmt: on
