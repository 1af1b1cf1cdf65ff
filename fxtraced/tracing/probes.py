"""Inputs to probe with: fresh values, and other sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

from fxtraced.tensor.tensor import plain

# A dimension: the index of its feed, and its own index there.
Dim = tuple[int, int]

_LARGEST_STEP = 32


def fresh_values(tensors: list[torch.Tensor], seed: int = 0) -> list[torch.Tensor]:
    """Other values in the ranges of the given ones: floats uniform, ints from least to largest, bools redrawn.

    A tensor that is given twice stays one tensor.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn: dict[int, torch.Tensor] = {}
    for x in tensors:
        if id(x) not in drawn:
            drawn[id(x)] = _redraw(x, generator)
    return [drawn[id(x)] for x in tensors]


def far_values(tensors: list[torch.Tensor]) -> Iterator[list[torch.Tensor]]:
    """Values that may decide otherwise: fresh ones, with the floats out of the given range, and all bools alike."""
    for seed, factor in enumerate((-1, 4, -4, 0, 100, -100), start=1):
        redrawn = fresh_values(tensors, seed)
        made = {id(x): _far(x, factor) for x in redrawn}
        yield [made[id(x)] for x in redrawn]


def _far(x: torch.Tensor, factor: int) -> torch.Tensor:
    if x.dtype is torch.bool:
        return torch.full_like(x, factor > 0)
    return x * factor if x.is_floating_point() else x


def _redraw(x: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    if x.numel() == 0 or x.is_complex():
        return x
    with torch.no_grad():
        values = plain(x)
        drawn = torch.rand(tuple(values.shape), generator=generator).to(values.device)
        if values.dtype is torch.bool:
            redrawn = drawn < 0.5
        elif values.is_floating_point():
            low, high = values.min(), values.max()
            if not bool(torch.isfinite(high - low)):
                return x
            redrawn = (low + (high - low) * drawn.to(values.dtype)).to(values.dtype)
        else:
            low, high = values.min(), values.max()
            redrawn = (low + torch.floor(drawn.to(torch.float64) * (high - low + 1)).to(values.dtype)).to(values.dtype)
    return redrawn.as_subclass(type(x))


def other_sizes(size: int) -> list[int]:
    """Sizes to try in place of one, never 0 or 1.

    Smaller ones come first: they cost less, and fit tables of positions. They keep a power of two of the size, as nets
    that halve their input need it. Then come the half, one more, two more and the double, for guards such as
    `h % 7 == 0`.
    """
    step = math.gcd(size, _LARGEST_STEP)
    while step > 1 and size // step < 4:
        step //= 2
    smaller = [step * max(1, round(part * size / step)) for part in (0.3, 0.45, 0.6, 0.8)]
    sizes = [x for x in smaller if x < size] + ([size // 2] if size % 2 == 0 else []) + [size + 1, size + 2, size * 2]
    return [x for x in dict.fromkeys(sizes) if x > 1]


def ties(dim: Dim, tensors: list[torch.Tensor]) -> list[frozenset[Dim]]:
    """The dimensions that may have to change together with one, the likeliest first.

    The dimension alone (in every feed that is this tensor); with the same dimension of the other feeds where that has
    the same size; with every dimension of this size in the other feeds; with every one anywhere.
    """
    feed, place = dim
    own = {f for f, x in enumerate(tensors) if x is tensors[feed]}
    alone = frozenset((f, place) for f in own)
    size = tensors[feed].shape[place]
    equal = frozenset((f, i) for f, x in enumerate(tensors) for i, other in enumerate(x.shape) if other == size)
    same_place = frozenset((f, i) for f, i in equal if i == place)
    elsewhere = frozenset((f, i) for f, i in equal if f not in own)
    return list(dict.fromkeys([alone, alone | same_place, alone | elsewhere, equal]))


def likely_free(tensors: list[torch.Tensor]) -> list[frozenset[Dim]]:
    """A first guess at what is free, and what belongs together: batches, lengths, heights and widths.

    Left out are the features of floating tensors (the last of two or three dimensions, otherwise the second), and
    sizes of 1 that are no batch. Equal sizes of several tensors are taken to belong together, those of one tensor not.
    """
    guessed = [
        (feed, dim)
        for feed, x in enumerate(tensors)
        for dim, size in enumerate(x.shape)
        if size > 0 and not (x.is_floating_point() and dim == (x.ndim - 1 if x.ndim in (2, 3) else 1))
        if size > 1 or dim == 0
    ]
    groups: dict[int, set[Dim]] = {}
    for feed, dim in guessed:
        groups.setdefault(tensors[feed].shape[dim], set()).add((feed, dim))
    shared = [group for group in groups.values() if len({feed for feed, _ in group}) > 1]
    return [frozenset(group) for group in shared] + [
        frozenset([dim]) for dim in guessed if not any(dim in group for group in shared)
    ]


def resized(tensors: list[torch.Tensor], changes: dict[Dim, int]) -> list[torch.Tensor]:
    """The tensors with other sizes: their own slices, left out or repeated. One tensor given twice stays one."""
    made: dict[tuple[int, tuple[int, ...]], torch.Tensor] = {}
    results = []
    for feed, x in enumerate(tensors):
        sizes = tuple(changes.get((feed, i), size) for i, size in enumerate(x.shape))
        if (id(x), sizes) not in made:
            made[id(x), sizes] = _cut(x, sizes)
        results.append(made[id(x), sizes])
    return results


def _cut(x: torch.Tensor, sizes: tuple[int, ...]) -> torch.Tensor:
    for dim, (old, new) in enumerate(zip(tuple(x.shape), sizes, strict=True)):
        if new != old:
            x = torch.index_select(x, dim, torch.arange(new, device=x.device) % old)
    return x
