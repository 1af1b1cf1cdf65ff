"""Functions of one tensor, element by element: x of any shape -> the same shape.

Integers give float32 where torch's function does so; Paddle has no integer kernel for several of them.
"""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import is_floating
from fxtraced.tensor.common import inplace


def abs(x: Any, name: Any = None) -> Any:
    """The absolute value, element by element."""
    return torch.abs(x)


def acos(x: Any, name: Any = None) -> Any:
    """The inverse cosine, element by element."""
    return torch.acos(x)


def acosh(x: Any, name: Any = None) -> Any:
    """The inverse hyperbolic cosine, element by element."""
    return torch.acosh(x)


def asin(x: Any, name: Any = None) -> Any:
    """The inverse sine, element by element."""
    return torch.asin(x)


def asinh(x: Any, name: Any = None) -> Any:
    """The inverse hyperbolic sine, element by element."""
    return torch.asinh(x)


def atan(x: Any, name: Any = None) -> Any:
    """The inverse tangent, element by element."""
    return torch.atan(x)


def atanh(x: Any, name: Any = None) -> Any:
    """The inverse hyperbolic tangent, element by element."""
    return torch.atanh(x)


def ceil(x: Any, name: Any = None) -> Any:
    """The smallest whole number that is not below the element, element by element."""
    return torch.ceil(x)


def cos(x: Any, name: Any = None) -> Any:
    """The cosine, element by element."""
    return torch.cos(x)


def cosh(x: Any, name: Any = None) -> Any:
    """The hyperbolic cosine, element by element."""
    return torch.cosh(x)


def erf(x: Any, name: Any = None) -> Any:
    """The error function, element by element."""
    return torch.erf(x)


def exp(x: Any, name: Any = None) -> Any:
    """e to the power of the element, element by element."""
    return torch.exp(x)


def expm1(x: Any, name: Any = None) -> Any:
    """exp(x) - 1, exact near zero, element by element."""
    return torch.expm1(x)


def floor(x: Any, name: Any = None) -> Any:
    """The largest whole number that is not above the element, element by element."""
    return torch.floor(x)


def reciprocal(x: Any, name: Any = None) -> Any:
    """1 / x, element by element."""
    return torch.reciprocal(x)


def round(x: Any, name: Any = None) -> Any:
    """The nearest whole number of every element; halves go away from zero.

    Differs from torch.round, where halves go to the even number.
    """
    return torch.where(torch.eq(torch.abs(torch.frac(x)), 0.5), torch.trunc(x) + torch.sign(x), torch.round(x))


def rsqrt(x: Any, name: Any = None) -> Any:
    """1 / sqrt(x), element by element."""
    return torch.rsqrt(x)


def sigmoid(x: Any, name: Any = None) -> Any:
    """1 / (1 + exp(-x)), element by element."""
    return torch.sigmoid(x)


def sin(x: Any, name: Any = None) -> Any:
    """The sine, element by element."""
    return torch.sin(x)


def sinh(x: Any, name: Any = None) -> Any:
    """The hyperbolic sine, element by element."""
    return torch.sinh(x)


def sqrt(x: Any, name: Any = None) -> Any:
    """The square root, element by element."""
    return torch.sqrt(x)


def square(x: Any, name: Any = None) -> Any:
    """The square, element by element."""
    return torch.square(x)


def tan(x: Any, name: Any = None) -> Any:
    """The tangent, element by element."""
    return torch.tan(x)


def tanh(x: Any, name: Any = None) -> Any:
    """The hyperbolic tangent, element by element."""
    return torch.tanh(x)


def log(x: Any, name: Any = None) -> Any:
    """The natural logarithm, element by element."""
    return torch.log(x)


def log2(x: Any, name: Any = None) -> Any:
    """The logarithm to base 2, element by element."""
    return torch.log2(x)


def log10(x: Any, name: Any = None) -> Any:
    """The logarithm to base 10, element by element."""
    return torch.log10(x)


def log1p(x: Any, name: Any = None) -> Any:
    """log(1 + x), exact near zero, element by element."""
    return torch.log1p(x)


def neg(x: Any, name: Any = None) -> Any:
    """The negative, element by element."""
    return torch.neg(x)


def sgn(x: Any, name: Any = None) -> Any:
    """x / |x| for complex numbers, the sign for real ones, element by element."""
    return torch.sgn(x)


def sign(x: Any, name: Any = None) -> Any:
    """-1, 0 or 1, by the sign, element by element."""
    return torch.sign(x)


def digamma(x: Any, name: Any = None) -> Any:
    """The derivative of lgamma, element by element."""
    return torch.digamma(x)


def lgamma(x: Any, name: Any = None) -> Any:
    """The logarithm of the absolute value of the gamma function, element by element."""
    return torch.lgamma(x)


def erfinv(x: Any, name: Any = None) -> Any:
    """The inverse of the error function, element by element."""
    return torch.erfinv(x)


def i0(x: Any, name: Any = None) -> Any:
    """The modified Bessel function of order 0, element by element."""
    return torch.i0(x)


def i0e(x: Any, name: Any = None) -> Any:
    """i0(x) exp(-|x|), element by element."""
    return torch.special.i0e(x)


def i1(x: Any, name: Any = None) -> Any:
    """The modified Bessel function of order 1, element by element."""
    return torch.special.i1(x)


def i1e(x: Any, name: Any = None) -> Any:
    """i1(x) exp(-|x|), element by element."""
    return torch.special.i1e(x)


def frac(x: Any, name: Any = None) -> Any:
    """The fractional part, with the sign, element by element."""
    return torch.frac(x) if is_floating(x.dtype) else torch.zeros_like(x)


def deg2rad(x: Any, name: Any = None) -> Any:
    """Degrees to radians, element by element."""
    return torch.deg2rad(x)


def rad2deg(x: Any, name: Any = None) -> Any:
    """Radians to degrees, element by element."""
    return torch.rad2deg(x)


def conj(x: Any, name: Any = None) -> Any:
    """The complex conjugate, element by element."""
    return torch.conj(x)


def angle(x: Any, name: Any = None) -> Any:
    """The angle of a complex number; 0 or pi for real ones, element by element."""
    return torch.angle(x)


def isfinite(x: Any, name: Any = None) -> Any:
    """True unless infinite or NaN, element by element."""
    return torch.isfinite(x)


def isinf(x: Any, name: Any = None) -> Any:
    """True for infinities, element by element."""
    return torch.isinf(x)


def isnan(x: Any, name: Any = None) -> Any:
    """True for NaN, element by element."""
    return torch.isnan(x)


def trunc(input: Any, name: Any = None) -> Any:
    """The whole part, element by element."""
    return torch.trunc(input)


abs_ = inplace(abs)
acos_ = inplace(acos)
acosh_ = inplace(acosh)
asin_ = inplace(asin)
asinh_ = inplace(asinh)
atan_ = inplace(atan)
atanh_ = inplace(atanh)
ceil_ = inplace(ceil)
cos_ = inplace(cos)
cosh_ = inplace(cosh)
erf_ = inplace(erf)
exp_ = inplace(exp)
expm1_ = inplace(expm1)
floor_ = inplace(floor)
reciprocal_ = inplace(reciprocal)
round_ = inplace(round)
rsqrt_ = inplace(rsqrt)
sigmoid_ = inplace(sigmoid)
sin_ = inplace(sin)
sinh_ = inplace(sinh)
sqrt_ = inplace(sqrt)
square_ = inplace(square)
tan_ = inplace(tan)
tanh_ = inplace(tanh)
log_ = inplace(log)
log2_ = inplace(log2)
log10_ = inplace(log10)
log1p_ = inplace(log1p)
neg_ = inplace(neg)
digamma_ = inplace(digamma)
lgamma_ = inplace(lgamma)
erfinv_ = inplace(erfinv)
i0_ = inplace(i0)
frac_ = inplace(frac)
trunc_ = inplace(trunc)

# Paddle has no methods erf_, expm1_ and square_.
METHODS = (
    abs,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    ceil,
    cos,
    cosh,
    erf,
    exp,
    expm1,
    floor,
    reciprocal,
    round,
    rsqrt,
    sigmoid,
    sin,
    sinh,
    sqrt,
    square,
    tan,
    tanh,
    log,
    log2,
    log10,
    log1p,
    neg,
    sgn,
    sign,
    digamma,
    lgamma,
    erfinv,
    i0,
    i0e,
    i1,
    i1e,
    frac,
    deg2rad,
    rad2deg,
    conj,
    angle,
    isfinite,
    isinf,
    isnan,
    trunc,
    abs_,
    acos_,
    acosh_,
    asin_,
    asinh_,
    atan_,
    atanh_,
    ceil_,
    cos_,
    cosh_,
    exp_,
    floor_,
    reciprocal_,
    round_,
    rsqrt_,
    sigmoid_,
    sin_,
    sinh_,
    sqrt_,
    tan_,
    tanh_,
    log_,
    log2_,
    log10_,
    log1p_,
    neg_,
    digamma_,
    lgamma_,
    erfinv_,
    i0_,
    frac_,
    trunc_,
)
