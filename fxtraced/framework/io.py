"""paddle.save and paddle.load: .pdparams, .pdopt and nested containers, in the format of paddlepaddle 2.6.2.

A state dict is a pickled dict of arrays with one more entry, the parameters' names. In any other object a tensor is the
tuple (name, array).
"""

from __future__ import annotations

import io
import os
import pickle
import warnings
from typing import IO, Any

import numpy as np
import torch

from fxtraced.framework.files import write_atomically
from fxtraced.framework.unpickler import read_pickle
from fxtraced.tensor.creation import to_tensor
from fxtraced.tensor.tensor import as_tensor

__all__ = ["load", "save"]

_NAME_TABLE = "StructuredToParameterName@@"
_PARTS_TABLE = "UnpackBigParamInfor@@"
# Protocols 2 and 3 hold no larger object than this.
_LARGEST_PART = 2**30 - 1


def save(obj: Any, path: Any, protocol: int = 4, **configs: Any) -> None:
    """Write a state dict, a tensor, or nested dicts, lists and tuples of tensors, arrays and plain values.

    path: a file name, whose directory is made and which is replaced in one step, or a BytesIO. protocol: pickle's,
    2 to 4. Writes nothing for an empty dict, with a warning.
    Raises ValueError for a Layer in obj, another protocol, an empty file name and an unknown keyword.
    """
    _check_keywords("save", configs, ("use_binary_format", "pickle_protocol"))
    if configs.get("use_binary_format"):
        raise ValueError("save: use_binary_format=True is not supported, only the default format is")
    if configs.get("pickle_protocol") is not None:
        warnings.warn("'pickle_protocol' is a deprecated argument. Please use 'protocol' instead.", stacklevel=2)
        protocol = configs["pickle_protocol"]
    if not isinstance(protocol, int):
        raise ValueError(f"The 'protocol' MUST be `int`, but received {type(protocol)}")
    if not 2 <= protocol <= 4:
        raise ValueError(f"Expected 1<'protocol'<5, but received protocol={protocol}")
    if isinstance(obj, torch.nn.Module):
        raise ValueError("paddle do not support saving `paddle.nn.Layer` object.")
    if _is_state_dict(obj):
        if not obj:
            warnings.warn("The input state dict is empty, no need to save.", stacklevel=2)
            return
        obj = _in_parts(_with_names(obj)) if protocol < 4 else _with_names(obj)

    def write(file: IO[bytes]) -> None:
        _Pickler(file, protocol).dump(obj)

    if isinstance(path, io.BytesIO):
        write(path)
        return
    if not isinstance(path, str):
        raise ValueError(f"only supports saving objects to file and `BytesIO`, but got {type(path)}")
    directory, name = os.path.split(path)
    if not name:
        raise ValueError(f"The input path MUST be format of dirname/filename, but received {path!r}.")
    os.makedirs(directory or ".", exist_ok=True)
    write_atomically(path, write)


def load(path: Any, **configs: Any) -> Any:
    """Read what paddle.save wrote, Paddle's or this one: tensors on the current device, containers as they were.

    path: a file name or a BytesIO. Keywords: return_numpy=True gives arrays in place of tensors; keep_name_table=True
    keeps a state dict's table of parameter names.
    Differs from Paddle: nothing in the file can run code.
    Raises UnsafeFileError where a file asks for more than arrays, containers, numbers and strings, ValueError for a
    missing or another file and for an unknown keyword.
    """
    _check_keywords("load", configs, ("model_filename", "params_filename", "keep_name_table", "return_numpy"))
    for name in ("model_filename", "params_filename"):
        if configs.get(name) is not None:
            raise ValueError(f"load: {name} is not supported: only files of paddle.save are read")
    if isinstance(path, io.BytesIO):
        loaded = read_pickle(path, "the BytesIO")
    elif not os.path.exists(path):
        raise ValueError(f"The ``path`` ({path}) to load model not exists.")
    elif os.path.isdir(path):
        raise ValueError(f"load: {path} is a directory, only files of paddle.save are read")
    else:
        with open(path, "rb") as file:
            loaded = read_pickle(file, str(path))
    as_arrays = bool(configs.get("return_numpy"))
    if not isinstance(loaded, dict):
        return _restored(loaded, as_arrays)
    _join_parts(loaded)
    if _NAME_TABLE not in loaded:
        return _restored(loaded, as_arrays)
    for key, name in loaded[_NAME_TABLE].items():
        if isinstance(loaded.get(key), np.ndarray) and not as_arrays:
            loaded[key] = _named_tensor(name, loaded[key])
    if not configs.get("keep_name_table"):
        del loaded[_NAME_TABLE]
    return loaded


def _check_keywords(function: str, given: dict[str, Any], known: tuple[str, ...]) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"The additional config ({name}) of `paddle.{function}` is not supported.")


# --- state dicts ----------------------------------------------------------------------------------------------------


def _is_state_dict(obj: Any) -> bool:
    """A dict of tensors, and of dicts without tensors (the state of a scheduler)."""
    return isinstance(obj, dict) and all(
        not any(_holds_tensor(item) for item in value.values())
        if isinstance(value, dict)
        else isinstance(value, torch.Tensor)
        for value in obj.values()
    )


def _holds_tensor(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_tensor(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_tensor(item) for item in value)
    return isinstance(value, torch.Tensor | torch.nn.Module)


def _with_names(state: dict[str, Any]) -> dict[str, Any]:
    tensors = {key: value for key, value in state.items() if isinstance(value, torch.Tensor)}
    written: dict[str, Any] = {key: _array(tensors[key]) if key in tensors else state[key] for key in state}
    written[_NAME_TABLE] = {key: _name(value) for key, value in tensors.items()}
    return written


def _in_parts(state: dict[str, Any]) -> dict[str, Any]:
    """state with every array that a small protocol cannot hold as several flat ones, and the table of these."""
    parts: dict[str, Any] = {}
    for key, value in [*state.items()]:
        most = _LARGEST_PART // value.itemsize if isinstance(value, np.ndarray) else 0
        if isinstance(value, np.ndarray) and value.size > most:
            flat, names = value.reshape(-1), [f"{key}@@.{i}" for i in range(-(-value.size // most))]
            parts[key] = {"OriginShape": value.shape, "slices": names}
            del state[key]
            state.update({name: flat[i * most : (i + 1) * most] for i, name in enumerate(names)})
    return {**state, _PARTS_TABLE: parts} if parts else state


def _join_parts(state: dict[str, Any]) -> None:
    for key, part in state.pop(_PARTS_TABLE, {}).items():
        flat = np.concatenate([state.pop(name) for name in part["slices"]])
        state[key] = flat.reshape(part["OriginShape"])


# --- tensors as they are written --------------------------------------------------------------------------------------


def _array(tensor: torch.Tensor) -> np.ndarray:
    return as_tensor(tensor.detach()).numpy()


def _name(tensor: Any) -> str:
    return getattr(tensor, "name", None) or ""


def _named_tensor(name: str, array: np.ndarray) -> Any:
    tensor = to_tensor(array)
    tensor.name = name
    return tensor


def _is_named_array(value: Any) -> bool:
    return (
        isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], np.ndarray)
    )


def _restored(loaded: Any, as_arrays: bool) -> Any:
    """loaded with its tensors: the pairs (name, array), or every array where there are no such pairs."""
    pairs = _holds_pair(loaded)

    def restore(value: Any) -> Any:
        if _is_named_array(value):
            return value[1] if as_arrays else _named_tensor(*value)
        if isinstance(value, np.ndarray):
            return value if as_arrays or pairs else to_tensor(value)
        if type(value) in (list, tuple, set):
            return type(value)(restore(item) for item in value)
        if isinstance(value, dict):
            for key in value:
                value[key] = restore(value[key])
        return value

    return restore(loaded)


def _holds_pair(value: Any) -> bool:
    if _is_named_array(value):
        return True
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(_holds_pair(item) for item in items)


class _Pickler(pickle._Pickler):
    """Writes tensors as (name, array), and NumPy's functions under the names that every NumPy knows."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, torch.Tensor):
            return tuple, ((_name(obj), _array(obj)),)
        if isinstance(obj, torch.nn.Module):
            raise ValueError("paddle do not support saving `paddle.nn.Layer` object.")
        return NotImplemented

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module = getattr(obj, "__module__", None) or ""
        if not module.startswith("numpy._core."):
            super().save_global(obj, name)  # type: ignore[misc]
            return
        # NumPy 1, which Paddle needs, says numpy.core.
        module, name = module.replace("numpy._core.", "numpy.core.", 1), obj.__name__
        if self.proto >= 4:  # type: ignore[attr-defined]
            self.save(module)  # type: ignore[attr-defined]
            self.save(name)  # type: ignore[attr-defined]
            self.write(pickle.STACK_GLOBAL)  # type: ignore[attr-defined]
        else:
            self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())  # type: ignore[attr-defined]
        self.memoize(obj)  # type: ignore[attr-defined]
