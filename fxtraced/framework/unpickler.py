"""Reading pickles of arrays without running code."""

from __future__ import annotations

import codecs
import collections
import pickle
from collections.abc import Callable
from typing import IO, Any

import numpy as np

from fxtraced.framework.errors import UnsafeFileError

try:
    from numpy._core import multiarray, numeric
except ImportError:  # NumPy 1
    from numpy.core import multiarray, numeric  # type: ignore[no-redef]


def read_pickle(file: IO[bytes], name: str) -> Any:
    """What a file of paddle.save holds: containers, numbers, strings and NumPy arrays.

    name stands for the file in errors. Raises UnsafeFileError where the file asks for anything else, before that is
    looked up, and ValueError for a file that is no pickle or a damaged one.
    """
    try:
        return _Unpickler(file, name).load()
    except UnsafeFileError:
        raise
    # A damaged pickle fails in many ways: EOFError, KeyError, UnicodeDecodeError, MemoryError, ...
    except Exception as error:
        raise ValueError(
            f"load: {name} is not a file of paddle.save, or it is damaged ({type(error).__name__}: {error})"
        ) from error


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: IO[bytes], name: str):
        # Python 2 wrote the bytes of arrays as strings.
        super().__init__(file, encoding="latin1")
        self._name = name

    def find_class(self, module: str, name: str) -> Any:
        """The callable that stands for module.name; nothing is imported."""
        if (module, name) in _ADMITTED:
            return _ADMITTED[module, name]
        raise UnsafeFileError(
            f"FXT402 {self._name} asks for {module}.{name}: loading runs no code, and only arrays, containers, numbers "
            "and strings are read. Save the tensors alone, paddle.save(layer.state_dict(), path). "
            "See docs/errors.md#fxt402"
        )

    def persistent_load(self, pid: Any) -> Any:
        raise UnsafeFileError(
            f"FXT402 {self._name} refers to an object outside of the file ({pid!r}): only arrays, containers, numbers "
            "and strings are read. See docs/errors.md#fxt402"
        )


def _data_of(text: str, names: Any = None, *others: Any) -> Any:
    # Paddle writes the tensors of static mode as eval("data", {"data": array}); nothing is evaluated here.
    data = names.get("data") if type(names) is dict and text == "data" else None
    if isinstance(data, np.ndarray):
        return data
    raise UnsafeFileError(f"FXT402 the file asks for eval({text!r}). See docs/errors.md#fxt402")


def _encode(text: str, encoding: str = "", *others: Any) -> bytes:
    # Protocol 2 writes bytes as latin1 text.
    if encoding not in ("latin1", "latin-1"):
        raise UnsafeFileError(f"FXT402 the file asks for the codec {encoding!r}. See docs/errors.md#fxt402")
    return codecs.latin_1_encode(text)[0]


_BUILTINS = (bytearray, bytes, complex, dict, frozenset, list, range, set, slice, tuple)
_ADMITTED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("_codecs", "encode"): _encode,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    **{(module, kind.__name__): kind for kind in _BUILTINS for module in ("builtins", "__builtin__")},
    **{(module, "eval"): _data_of for module in ("builtins", "__builtin__")},
    **{
        (f"numpy.{core}.multiarray", name): getattr(multiarray, name)
        for core in ("core", "_core")
        for name in ("_reconstruct", "scalar")
    },
    **{(f"numpy.{core}.numeric", "_frombuffer"): vars(numeric)["_frombuffer"] for core in ("core", "_core")},
}
