"""Products of vectors and matrices, norms, transposes. Decompositions and solvers are in decomposition.py."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.framework.dtype import is_floating
from fxtraced.tensor.common import dims, to_dtype, torch_method


def matmul(x: Any, y: Any, transpose_x: bool = False, transpose_y: bool = False, name: Any = None) -> Any:
    """The product of matrices [..., m, k] and [..., k, n]; vectors as in torch.matmul.

    transpose_x and transpose_y swap the last two axes of that side first (of a vector they do nothing).
    """
    if transpose_x and x.ndim > 1:
        x = torch.transpose(x, -1, -2)
    if transpose_y and y.ndim > 1:
        y = torch.transpose(y, -1, -2)
    return torch.matmul(x, y)


def mm(input: Any, mat2: Any, name: Any = None) -> Any:
    """The product of matrices, as matmul."""
    return torch.matmul(input, mat2)


def bmm(x: Any, y: Any, name: Any = None) -> Any:
    """The products of two batches of matrices: [b, m, k] and [b, k, n] -> [b, m, n]."""
    return torch.bmm(x, y)


def mv(x: Any, vec: Any, name: Any = None) -> Any:
    """The product of a matrix [m, n] and a vector [n] -> [m]."""
    return torch.mv(x, vec)


def dot(x: Any, y: Any, name: Any = None) -> Any:
    """The sum of products along the last axis: vectors [n], or batches [b, n] -> [b]."""
    return torch.sum(torch.mul(x, y), -1, dtype=x.dtype)


def transpose(x: Any, perm: Any, name: Any = None) -> Any:
    """Permute the axes: x [d0, d1, ...] -> [d_perm[0], d_perm[1], ...].

    Differs from torch.transpose, which swaps two axes.
    Raises ValueError unless perm is a permutation of range(x.ndim).
    """
    places = [dim + x.ndim if dim < 0 else dim for dim in perm]
    if sorted(places) != list(range(x.ndim)):
        raise ValueError(f"transpose: perm must be a permutation of the {x.ndim} axes of x, but received {list(perm)}")
    return torch.permute(x, places)


def transpose_(x: Any, perm: Any, name: Any = None) -> Any:
    """transpose in place: the same tensor with its axes in another order."""
    turned = transpose(x, perm)
    torch.as_strided_(x, list(turned.shape), list(torch_method(turned, "stride")))
    return x


def t(input: Any, name: Any = None) -> Any:
    """The transposed matrix; a vector as it is. Raises ValueError for more than two axes."""
    if input.ndim > 2:
        raise ValueError(
            f"Input(input) only support N-D (N<=2) tensor, but received length of Input(input) is {input.ndim}. "
            "Perhaps you can use paddle.tensor.transpose() instead."
        )
    return torch.t(input)


def t_(input: Any, name: Any = None) -> Any:
    """t in place."""
    return transpose_(input, [1, 0]) if t(input).ndim == 2 else input


def reverse_axes(x: Any) -> Any:
    """x.T: the axes in reverse order."""
    return torch.permute(x, list(range(x.ndim))[::-1])


def swap_last_axes(x: Any) -> Any:
    """x.mT: the last two axes swapped."""
    return torch.transpose(x, -1, -2)


def norm(x: Any, p: Any = "fro", axis: Any = None, keepdim: bool = False, name: Any = None) -> Any:
    """The p-norm of the elements over axis (an int, two of them, or None for all).

    p is "fro" or a number, inf and -inf included; over two axes too it is the norm of the elements, not of the
    matrix. Raises ValueError for another p.
    """
    if p == "fro":
        p = 2.0
    elif not isinstance(p, int | float):
        raise ValueError(f"norm: p must be 'fro' or a number, but received {p!r}")
    return torch.linalg.vector_norm(x, float(p), dims(axis, x), keepdim)


def dist(x: Any, y: Any, p: float = 2, name: Any = None) -> Any:
    """The p-norm of x - y, broadcast, as a 0-D tensor."""
    return torch.linalg.vector_norm(torch.sub(x, y), float(p))


def cdist(
    x: Any,
    y: Any,
    p: float = 2.0,
    compute_mode: str = "use_mm_for_euclid_dist_if_necessary",
    name: Any = None,
) -> Any:
    """The p-norms of the differences of all pairs of rows: [..., m, d] and [..., n, d] -> [..., m, n]."""
    return torch.cdist(x, y, p, compute_mode)


def cross(x: Any, y: Any, axis: int = 9, name: Any = None) -> Any:
    """The vector product along axis, by default the first one of size 3."""
    if axis == 9:
        axis = next((dim for dim, size in enumerate(x.shape) if size == 3), 0)
    return torch.linalg.cross(x, y, dim=axis)


def tensordot(x: Any, y: Any, axes: Any = 2, name: Any = None) -> Any:
    """The sum of products over the last `axes` axes of x and the first of y, or over two lists of axes."""
    if isinstance(axes, list | tuple):
        first, second = axes if len(axes) == 2 and not isinstance(axes[0], int) else (axes, axes)
        return torch.tensordot(x, y, (list(first), list(second)))
    return torch.tensordot(x, y, axes)


def multi_dot(x: Any, name: Any = None) -> Any:
    """The product of a list of matrices in the cheapest order."""
    return torch.linalg.multi_dot(list(x))


def matrix_power(x: Any, n: int, name: Any = None) -> Any:
    """Square matrices [..., m, m] to the power n; a negative n inverts."""
    return torch.linalg.matrix_power(x, n)


def bincount(x: Any, weights: Any = None, minlength: int = 0, name: Any = None) -> Any:
    """How often each whole number from 0 on occurs in a vector, or the sum of the weights at its places."""
    counts = torch.bincount(x, weights, minlength)
    # Not to_dtype: what torch makes of no elements at all has a dtype of its own.
    if weights is None:
        return counts
    return torch_method(counts, "to", weights.dtype if is_floating(weights.dtype) else torch.float64)


def histogram(input: Any, bins: int = 100, min: float = 0, max: float = 0, name: Any = None) -> Any:
    """How many elements fall into each of `bins` equal parts of [min, max], as int64.

    With min and max both 0 the parts are those of the data's own range.
    """
    return to_dtype(torch.histc(to_dtype(input, torch.float64), bins, min, max), torch.int64)


def cov(
    x: Any, rowvar: bool = True, ddof: bool = True, fweights: Any = None, aweights: Any = None, name: Any = None
) -> Any:
    """The covariance matrix of the variables in the rows of x, or in its columns when not rowvar."""
    x = x if rowvar or x.ndim < 2 else torch.t(x)
    return torch.cov(x, correction=int(ddof), fweights=fweights, aweights=aweights)


def corrcoef(x: Any, rowvar: bool = True, name: Any = None) -> Any:
    """The correlation coefficients of the variables in the rows of x, or in its columns when not rowvar."""
    return torch.corrcoef(x if rowvar or x.ndim < 2 else torch.t(x))


METHODS = (
    matmul, mm, bmm, mv, dot, transpose, transpose_, t, t_, norm, dist, cdist, cross, tensordot, multi_dot,
    matrix_power, bincount, histogram, cov, corrcoef,
)  # fmt: skip

# Paddle has these here too.
# fmt: off
# isort: off
from fxtraced.tensor.decomposition import (  # noqa: E402, F401
    cholesky, cholesky_solve, cond, det, eig, eigh, eigvals, eigvalsh, householder_product, inv, inverse, lstsq, lu,
    lu_unpack, matrix_rank, pinv, qr, slogdet, solve, svd, triangular_solve,
)
# isort: on
# fmt: on
