"""The functions of the tensor API, and the methods that tensors get from them.

`paddle.linalg`'s functions that have no place at the top are in `linalg` and `decomposition`.
"""

from __future__ import annotations

from fxtraced.framework.calls import name_calls, named
from fxtraced.tensor import (
    attribute,
    conversion,
    creation,
    decomposition,
    indexing,
    linalg,
    logic,
    manipulation,
    math,
    methods,
    operators,
    ops,
    random,
    reduction,
    search,
    signal,
    stat,
)

# fmt: off
# isort: off
from fxtraced.tensor.attribute import imag, is_complex, is_floating_point, is_integer, rank, real, shape
from fxtraced.tensor.creation import (
    arange, assign, clone, complex, diag, diag_embed, diagflat, empty, empty_like, eye, full, full_like, linspace,
    logspace, meshgrid, ones, ones_like, polar, to_tensor, tril, tril_, tril_indices, triu, triu_, triu_indices, zeros,
    zeros_like,
)
from fxtraced.tensor.decomposition import cholesky, eigvalsh, inverse
from fxtraced.tensor.einsum import einsum
from fxtraced.tensor.indexing import (
    diagonal_scatter, gather, gather_nd, index_add, index_add_, index_fill, index_fill_, index_put, index_put_,
    masked_fill, masked_fill_, put_along_axis, scatter, scatter_, scatter_nd, scatter_nd_add, select_scatter,
    take_along_axis,
)
from fxtraced.tensor.linalg import (
    bincount, bmm, cdist, cross, dist, dot, histogram, matmul, mm, mv, norm, t, t_, tensordot, transpose, transpose_,
)
from fxtraced.tensor.logic import (
    allclose, bitwise_and, bitwise_and_, bitwise_not, bitwise_not_, bitwise_or, bitwise_or_, bitwise_xor, bitwise_xor_,
    equal, equal_, equal_all, greater_equal, greater_equal_, greater_than, greater_than_, is_empty, is_tensor, isclose,
    less_equal, less_equal_, less_than, less_than_, logical_and, logical_and_, logical_not, logical_not_, logical_or,
    logical_or_, logical_xor, logical_xor_, not_equal, not_equal_,
)
from fxtraced.tensor.manipulation import (
    as_complex, as_real, as_strided, atleast_1d, atleast_2d, atleast_3d, broadcast_tensors, broadcast_to, cast, cast_,
    chunk, concat, crop, expand, expand_as, flatten, flip, moveaxis, repeat_interleave, reshape, reshape_, reverse,
    roll, rot90, shard_index, slice, split, squeeze, squeeze_, stack, strided_slice, tile, tolist, unbind, unflatten,
    unfold, unsqueeze, unsqueeze_, unstack, view, view_as, vsplit,
)
from fxtraced.tensor.math import (
    add, add_n, addmm, addmm_, atan2, broadcast_shape, clip, combinations, cumulative_trapezoid, diagonal, diff, divide,
    divide_, floor_divide, floor_divide_, floor_mod, floor_mod_, fmax, fmin, frexp, gcd, gcd_, heaviside, hypot, hypot_,
    increment, inner, kron, lcm, lcm_, ldexp, ldexp_, lerp, logaddexp, logit, logit_, maximum, minimum, mod, mod_,
    multigammaln, multigammaln_, multiplex, multiply, multiply_, nan_to_num, nan_to_num_, nextafter, outer, polygamma,
    polygamma_, pow, pow_, remainder, remainder_, renorm, renorm_, scale, stanh, subtract, take, trace, trapezoid,
    vander,
)
from fxtraced.tensor.ops import (
    abs, abs_, acos, acos_, acosh, acosh_, angle, asin, asin_, asinh, asinh_, atan, atan_, atanh, atanh_, ceil, conj,
    cos, cos_, cosh, cosh_, deg2rad, digamma, digamma_, erf, erf_, erfinv, exp, expm1, expm1_, floor, frac, frac_, i0,
    i0_, i0e, i1, i1e, isfinite, isinf, isnan, lgamma, lgamma_, log, log10, log10_, log1p, log1p_, log2, log2_, log_,
    neg, neg_, rad2deg, reciprocal, round, rsqrt, sgn, sign, sin, sin_, sinh, sinh_, sqrt, square, square_, tan, tan_,
    tanh, tanh_, trunc, trunc_,
)
from fxtraced.tensor.random import (
    bernoulli, cauchy_, geometric_, multinomial, normal, normal_, poisson, rand, randint, randint_like, randn, randperm,
    standard_normal, uniform,
)
from fxtraced.tensor.reduction import (
    all, amax, amin, any, count_nonzero, cummax, cummin, cumprod, cumprod_, cumsum, cumsum_, logcumsumexp, logsumexp,
    max, min, nanmean, nansum, prod, sum,
)
from fxtraced.tensor.search import (
    argmax, argmin, argsort, bucketize, index_sample, index_select, kthvalue, masked_select, mode, nonzero,
    searchsorted, sort, topk, unique, unique_consecutive, where, where_,
)
from fxtraced.tensor.stat import mean, median, nanmedian, nanquantile, numel, quantile, std, var
from fxtraced.tensor.to_string import set_printoptions
from fxtraced.tensor.tensor import Parameter, Tensor
# isort: on

_ROOMS = (
    attribute, conversion, creation, decomposition, indexing, linalg, logic, manipulation, math, ops, random, reduction,
    search, signal, stat,
)

_methods = [function for room in _ROOMS for function in room.METHODS]
methods.attach({function.__name__: named(function) for function in _methods})
methods.attach({name: named(function) for name, function in operators.OPERATORS.items()})
methods.attach({"ndimension": attribute.dim, "T": property(linalg.reverse_axes), "mT": property(linalg.swap_last_axes)})

# Where Paddle defines a function in another module than the one that holds it here, that module names it too.
for _room, _functions in (
    (creation, (random.cauchy_, random.geometric_)),
    (manipulation, (linalg.tensordot, linalg.transpose, search.unique, search.unique_consecutive)),
    (math, (decomposition.inverse, linalg.mm)),
):
    vars(_room).update({function.__name__: function for function in _functions})

__all__ = [
    "Parameter", "Tensor", "abs", "abs_", "acos", "acos_", "acosh", "acosh_", "add", "add_n", "addmm", "addmm_", "all",
    "allclose", "amax", "amin", "angle", "any", "arange", "argmax", "argmin", "argsort", "as_complex", "as_real",
    "as_strided", "asin", "asin_", "asinh", "asinh_", "assign", "atan", "atan2", "atan_", "atanh", "atanh_",
    "atleast_1d", "atleast_2d", "atleast_3d", "bernoulli", "bincount", "bitwise_and", "bitwise_and_", "bitwise_not",
    "bitwise_not_", "bitwise_or", "bitwise_or_", "bitwise_xor", "bitwise_xor_", "bmm", "broadcast_shape",
    "broadcast_tensors", "broadcast_to", "bucketize", "cast", "cast_", "cauchy_", "cdist", "ceil", "cholesky", "chunk",
    "clip", "clone", "combinations", "complex", "concat", "conj", "cos", "cos_", "cosh", "cosh_", "count_nonzero",
    "crop", "cross", "cummax", "cummin", "cumprod", "cumprod_", "cumsum", "cumsum_", "cumulative_trapezoid", "deg2rad",
    "diag", "diag_embed", "diagflat", "diagonal", "diagonal_scatter", "diff", "digamma", "digamma_", "dist", "divide",
    "divide_", "dot", "eigvalsh", "einsum", "empty", "empty_like", "equal", "equal_", "equal_all", "erf", "erf_",
    "erfinv", "exp", "expand", "expand_as", "expm1", "expm1_", "eye", "flatten", "flip", "floor", "floor_divide",
    "floor_divide_", "floor_mod", "floor_mod_", "fmax", "fmin", "frac", "frac_", "frexp", "full", "full_like", "gather",
    "gather_nd", "gcd", "gcd_", "geometric_", "greater_equal", "greater_equal_", "greater_than", "greater_than_",
    "heaviside", "histogram", "hypot", "hypot_", "i0", "i0_", "i0e", "i1", "i1e", "imag", "increment", "index_add",
    "index_add_", "index_fill", "index_fill_", "index_put", "index_put_", "index_sample", "index_select", "inner",
    "inverse", "is_complex", "is_empty", "is_floating_point", "is_integer", "is_tensor", "isclose", "isfinite", "isinf",
    "isnan", "kron", "kthvalue", "lcm", "lcm_", "ldexp", "ldexp_", "lerp", "less_equal", "less_equal_", "less_than",
    "less_than_", "lgamma", "lgamma_", "linspace", "log", "log10", "log10_", "log1p", "log1p_", "log2", "log2_", "log_",
    "logaddexp", "logcumsumexp", "logical_and", "logical_and_", "logical_not", "logical_not_", "logical_or",
    "logical_or_", "logical_xor", "logical_xor_", "logit", "logit_", "logspace", "logsumexp", "masked_fill",
    "masked_fill_", "masked_select", "matmul", "max", "maximum", "mean", "median", "meshgrid", "min", "minimum", "mm",
    "mod", "mod_", "mode", "moveaxis", "multigammaln", "multigammaln_", "multinomial", "multiplex", "multiply",
    "multiply_", "mv", "nan_to_num", "nan_to_num_", "nanmean", "nanmedian", "nanquantile", "nansum", "neg", "neg_",
    "nextafter", "nonzero", "norm", "normal", "normal_", "not_equal", "not_equal_", "numel", "ones", "ones_like",
    "outer", "poisson", "polar", "polygamma", "polygamma_", "pow", "pow_", "prod", "put_along_axis", "quantile",
    "rad2deg", "rand", "randint", "randint_like", "randn", "randperm", "rank", "real", "reciprocal", "remainder",
    "remainder_", "renorm", "renorm_", "repeat_interleave", "reshape", "reshape_", "reverse", "roll", "rot90", "round",
    "rsqrt", "scale", "scatter", "scatter_", "scatter_nd", "scatter_nd_add", "searchsorted", "select_scatter",
    "set_printoptions", "sgn", "shape", "shard_index", "sign", "sin", "sin_", "sinh", "sinh_", "slice", "sort", "split",
    "sqrt", "square", "square_", "squeeze", "squeeze_", "stack", "standard_normal", "stanh", "std", "strided_slice",
    "subtract", "sum", "t", "t_", "take", "take_along_axis", "tan", "tan_", "tanh", "tanh_", "tensordot", "tile",
    "to_tensor", "tolist", "topk", "trace", "transpose", "transpose_", "trapezoid", "tril", "tril_", "tril_indices",
    "triu", "triu_", "triu_indices", "trunc", "trunc_", "unbind", "unflatten", "unfold", "uniform", "unique",
    "unique_consecutive", "unsqueeze", "unsqueeze_", "unstack", "vander", "var", "view", "view_as", "vsplit", "where",
    "where_", "zeros", "zeros_like",
]
# fmt: on

name_calls([*_methods, *(globals()[name] for name in __all__ if name not in ("Parameter", "Tensor"))])
