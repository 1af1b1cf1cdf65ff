"""Nested lists, tuples and dicts (paddle.utils.layers_utils). Dicts are walked in the order of their sorted keys."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

__all__ = ["flatten", "is_sequence", "map_structure", "pack_sequence_as", "to_sequence"]


def is_sequence(seq: Any) -> bool:
    """True for dicts and sequences, but for texts."""
    return isinstance(seq, dict) or (isinstance(seq, Sequence) and not isinstance(seq, str))


def to_sequence(nest: Any) -> Any:
    """nest itself if it is a sequence or dict, else a list of it."""
    return nest if is_sequence(nest) else [nest]


def flatten(nest: Any) -> list[Any]:
    """The leaves in order."""
    if not is_sequence(nest):
        return [nest]
    return [leaf for item in _items(nest) for leaf in flatten(item)]


def pack_sequence_as(structure: Any, flat_sequence: Any) -> Any:
    """flat_sequence in the shape of structure. Raises ValueError for another number of leaves."""
    if not is_sequence(flat_sequence):
        raise TypeError("flat_sequence must be a sequence")
    count = len(flatten(structure))
    if len(flat_sequence) != count:
        raise ValueError(
            f"Could not pack sequence. Structure had {count} elements, but flat_sequence had {len(flat_sequence)} "
            f"elements.  Structure: {structure}, flat_sequence: {flat_sequence}."
        )
    return _pack(structure, iter(flat_sequence))


def map_structure(func: Callable[..., Any], *structure: Any) -> Any:
    """func of the leaves of one or several structures, in the shape of the first."""
    leaves = zip(*[flatten(one) for one in structure], strict=False)
    return pack_sequence_as(structure[0], [func(*values) for values in leaves])


def _items(nest: Any) -> Any:
    return [nest[key] for key in _keys(nest)] if isinstance(nest, dict) else nest


def _keys(nest: dict[Any, Any]) -> list[Any]:
    try:
        return sorted(nest)
    except TypeError as error:
        raise TypeError("nest only supports dicts with sortable keys.") from error


def _pack(structure: Any, leaves: Iterator[Any]) -> Any:
    if not is_sequence(structure):
        return next(leaves)
    items = [_pack(item, leaves) for item in _items(structure)]
    kind = type(structure)
    if isinstance(structure, dict):
        packed = dict(zip(_keys(structure), items, strict=True))
        return kind((key, packed[key]) for key in structure)
    return kind(*items) if hasattr(structure, "_fields") else kind(items)
