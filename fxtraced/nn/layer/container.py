"""Containers: Sequential, LayerList, LayerDict, ParameterList."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fxtraced.nn.layer.layers import Layer


class _Indexed(Layer):
    """Children with the keys "0", "1", ... of one of a module's dictionaries."""

    def _store(self) -> dict[str, Any]:
        return self._modules

    def _position(self, index: int) -> int:
        size = len(self)
        if not isinstance(index, int) or not -size <= index < size:
            raise IndexError(f"{type(self).__name__}: index {index!r} is out of range for {size} entries")
        return index % size

    def _key(self, index: Any) -> str:
        """The key of an index; what is not an int stands for itself."""
        return str(self._position(index) if isinstance(index, int) else index)

    def __len__(self) -> int:
        return len(self._store())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._store().values())

    def _replace_all(self, items: Iterable[Any]) -> None:
        store = self._store()
        store.clear()
        store.update((str(index), item) for index, item in enumerate(items))


class Sequential(_Indexed):
    """Layers called one after the other: Sequential(a, b), Sequential(("name", a), ...), Sequential([("name", a)])."""

    def __init__(self, *layers: Any):
        super().__init__()
        if layers and isinstance(layers[0], list | tuple):
            pairs = layers[0] if isinstance(layers[0][0], list | tuple) else layers
            for name, layer in pairs:
                self.add_sublayer(name, layer)
        else:
            for index, layer in enumerate(layers):
                self.add_sublayer(str(index), layer)

    def __getitem__(self, name: Any) -> Any:
        if isinstance(name, slice):
            return type(self)(*list(self._modules.values())[name])
        if isinstance(name, str):
            return self._modules[name]
        return list(self._modules.values())[self._position(name)]

    def __setitem__(self, name: Any, layer: Any) -> None:
        key = name if isinstance(name, str) else list(self._modules)[self._position(name)] if self._has(name) else name
        self.add_sublayer(str(key), layer)

    def _has(self, index: int) -> bool:
        return -len(self) <= index < len(self)

    def __delitem__(self, name: Any) -> None:
        del self._modules[name if isinstance(name, str) else list(self._modules)[self._position(name)]]

    def append(self, layer: Any) -> Sequential:
        """Add a layer at the end, as torch.nn.Sequential has it."""
        self.add_sublayer(str(len(self)), layer)
        return self

    def forward(self, input: Any) -> Any:
        layers: Any = self._modules.values()
        for layer in layers:
            input = layer(input)
        return input


class LayerList(_Indexed):
    """A list of layers."""

    def __init__(self, sublayers: Iterable[Any] | None = None):
        super().__init__()
        for layer in sublayers or ():
            self.append(layer)

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return LayerList(list(self._modules.values())[idx])
        return self._modules[self._key(idx)]

    def __setitem__(self, idx: Any, sublayer: Any) -> None:
        self.add_sublayer(self._key(idx), sublayer)

    def __delitem__(self, idx: Any) -> None:
        layers = list(self._modules.values())
        del layers[idx]
        self._replace_all(layers)

    def append(self, sublayer: Any) -> LayerList:
        """Add a layer at the end."""
        self.add_sublayer(str(len(self)), sublayer)
        return self

    def insert(self, index: int, sublayer: Any) -> None:
        """Put a layer before the one at index."""
        if not isinstance(index, int) or not -len(self) <= index <= len(self):
            raise IndexError(f"LayerList: index {index!r} is out of range for {len(self)} entries")
        layers = list(self._modules.values())
        layers.insert(index, sublayer)
        self._replace_all(layers)

    def extend(self, sublayers: Iterable[Any]) -> LayerList:
        """Add layers at the end."""
        for layer in sublayers:
            self.append(layer)
        return self


class ParameterList(_Indexed):
    """A list of parameters."""

    def __init__(self, parameters: Iterable[Any] | None = None):
        super().__init__()
        for parameter in parameters or ():
            self.append(parameter)

    def _store(self) -> dict[str, Any]:
        return self._parameters

    def __getitem__(self, idx: int) -> Any:
        return self._parameters[str(self._position(idx))]

    def __setitem__(self, idx: int, param: Any) -> None:
        self.add_parameter(str(self._position(idx)), param)

    def append(self, parameter: Any) -> ParameterList:
        """Add a parameter at the end."""
        self.add_parameter(str(len(self)), parameter)
        return self


class LayerDict(_Indexed):
    """A dict of layers; iterating gives the keys."""

    def __init__(self, sublayers: Any = None):
        super().__init__()
        if sublayers is not None:
            self.update(sublayers)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, sublayer: Any) -> None:
        self.add_sublayer(key, sublayer)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def clear(self) -> None:
        """Remove all."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Remove a layer and return it."""
        return self._modules.pop(key)

    def keys(self) -> Any:
        return self._modules.keys()

    def values(self) -> Any:
        return self._modules.values()

    def items(self) -> Any:
        return self._modules.items()

    def update(self, sublayers: Any) -> None:
        """Add the layers of a dict or of an iterable of (key, layer) pairs."""
        for key, layer in sublayers.items() if isinstance(sublayers, Mapping | LayerDict) else sublayers:
            self.add_sublayer(key, layer)
