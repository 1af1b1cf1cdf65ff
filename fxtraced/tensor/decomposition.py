"""Inverses, decompositions and solvers of matrices [..., m, n] (Paddle keeps them in linalg.py)."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.common import to_dtype


def inverse(x: Any, name: Any = None) -> Any:
    """The inverses of square matrices."""
    return torch.inverse(x)


def inv(x: Any, name: Any = None) -> Any:
    """The inverses of square matrices."""
    return torch.inverse(x)


def pinv(x: Any, rcond: Any = 1e-15, hermitian: bool = False, name: Any = None) -> Any:
    """The pseudo-inverses [..., n, m]."""
    return torch.linalg.pinv(x, rcond=rcond, hermitian=hermitian)


def cholesky(x: Any, upper: bool = False, name: Any = None) -> Any:
    """The lower (or upper) triangular factors of positive definite matrices."""
    return torch.linalg.cholesky(x, upper=upper)


def cholesky_solve(x: Any, y: Any, upper: bool = False, name: Any = None) -> Any:
    """z with A z = x, from the Cholesky factor y of A."""
    return torch.cholesky_solve(x, y, upper)


def qr(x: Any, mode: str = "reduced", name: Any = None) -> Any:
    """(Q, R) with x = Q R; mode "reduced" or "complete"; R alone for "r"."""
    q, r = torch.linalg.qr(x, mode)
    return r if mode == "r" else (q, r)


def svd(x: Any, full_matrices: bool = False, name: Any = None) -> tuple[Any, Any, Any]:
    """(U, S, VH) with x = U diag(S) VH."""
    u, s, vh = torch.linalg.svd(x, full_matrices)
    return u, s, vh


def eig(x: Any, name: Any = None) -> tuple[Any, Any]:
    """(eigenvalues, eigenvectors) of square matrices, complex."""
    values, vectors = torch.linalg.eig(x)
    return values, vectors


def eigvals(x: Any, name: Any = None) -> Any:
    """The eigenvalues of square matrices, complex."""
    return torch.linalg.eigvals(x)


def eigh(x: Any, UPLO: str = "L", name: Any = None) -> tuple[Any, Any]:
    """(eigenvalues, eigenvectors) of symmetric matrices given by their lower or upper triangle."""
    values, vectors = torch.linalg.eigh(x, UPLO)
    return values, vectors


def eigvalsh(x: Any, UPLO: str = "L", name: Any = None) -> Any:
    """The eigenvalues of symmetric matrices given by their lower or upper triangle."""
    return torch.linalg.eigvalsh(x, UPLO)


def det(x: Any, name: Any = None) -> Any:
    """The determinants of square matrices."""
    return torch.linalg.det(x)


def slogdet(x: Any, name: Any = None) -> Any:
    """Sign and logarithm of the absolute value of the determinants, stacked along a new first axis [2, ...]."""
    sign, log = torch.linalg.slogdet(x)
    return torch.stack([sign, log])


def solve(x: Any, y: Any, name: Any = None) -> Any:
    """z with x z = y."""
    return torch.linalg.solve(x, y)


def triangular_solve(
    x: Any, y: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False, name: Any = None
) -> Any:
    """z with x z = y for triangular x."""
    if transpose:
        x, upper = torch.transpose(x, -1, -2), not upper
    # The other triangle may hold anything: it does not count.
    x = torch.triu(x) if upper else torch.tril(x)
    return torch.linalg.solve_triangular(x, y, upper=upper, unitriangular=unitriangular)


def lstsq(x: Any, y: Any, rcond: Any = None, driver: str | None = None, name: Any = None) -> tuple[Any, Any, Any, Any]:
    """(solution, residuals, rank as int32, singular values) of the least squares problem x z = y."""
    solution, residuals, rank, singular = torch.linalg.lstsq(x, y, rcond=rcond, driver=driver)
    return solution, residuals, to_dtype(rank, torch.int32), singular


def lu(x: Any, pivot: bool = True, get_infos: bool = False, name: Any = None) -> Any:
    """(LU, pivots counted from 1[, infos]) of matrices; of one matrix the infos are [1]."""
    factors, pivots, infos = torch.linalg.lu_factor_ex(x, pivot=pivot)
    return (factors, pivots, torch.atleast_1d(infos)) if get_infos else (factors, pivots)


def lu_unpack(
    x: Any, y: Any, unpack_ludata: bool = True, unpack_pivots: bool = True, name: Any = None
) -> tuple[Any, Any, Any]:
    """(P, L, U) from what lu gives."""
    p, lower, upper = torch.lu_unpack(x, y, unpack_ludata, unpack_pivots)
    return p, lower, upper


def matrix_rank(x: Any, tol: Any = None, hermitian: bool = False, name: Any = None) -> Any:
    """The ranks of matrices, as int32."""
    if tol is None:
        return to_dtype(torch.linalg.matrix_rank(x, hermitian=hermitian), torch.int32)
    return to_dtype(torch.linalg.matrix_rank(x, atol=tol, rtol=0.0, hermitian=hermitian), torch.int32)


def cond(x: Any, p: Any = None, name: Any = None) -> Any:
    """The condition numbers of matrices in the norm p (2)."""
    if p in (None, 2, -2):
        return torch.linalg.cond(x, p)
    # torch.linalg.cond writes in place what its own gradient needs.
    return torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p)


def householder_product(x: Any, tau: Any, name: Any = None) -> Any:
    """The first columns of the product of Householder reflections."""
    return torch.linalg.householder_product(x, tau)


METHODS = (
    inverse, pinv, cholesky, cholesky_solve, qr, eig, eigvals, eigvalsh, solve, lstsq, lu, lu_unpack, cond,
    householder_product,
)  # fmt: skip
