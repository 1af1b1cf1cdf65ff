"""Model code in a checkout of somebody's repository: its files, its constructors, and models with weights and images.

Runs under real Paddle and under fxtraced; `paddle` is whichever of them the process imports by this name.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import inspect
import sys
import zlib
from collections.abc import Iterator, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.models.weights import filled


class Checkout:
    """The files that match the patterns below a folder, and what they construct.

    arguments: keyword arguments by constructor, for those that need some.
    weights: a folder with <constructor>.pdparams, used where there is one.
    prepare: Python that the repository needs before its models are built.
    models: a file outside of the checkout whose functions build the models, in place of the patterns.
    """

    def __init__(
        self,
        root: Path,
        patterns: Sequence[str],
        arguments: dict[str, Any] | None = None,
        weights: Path | None = None,
        prepare: str = "",
        models: Path | None = None,
    ) -> None:
        self.root = root.resolve()
        self.models = models
        found = {path for pattern in patterns for path in self.root.glob(pattern)}
        self.files = sorted(str(p.relative_to(self.root)) for p in found if not p.name.startswith("__"))
        if models:
            self.files = [models.name]
        self.arguments = arguments or {}
        self.weights = weights
        self.prepare = prepare

    def load(self, file: str) -> ModuleType:
        """Import a file under its dotted name.

        The packages around it are there, but their __init__ does not run: it would import every other model as well.
        The file of `models` imports what it builds from the checkout as its users do.
        """
        if self.models:
            self._open()
            spec = importlib.util.spec_from_file_location(f"zoo_models_{self.models.stem}", self.models)
            if spec is None or spec.loader is None:
                raise ImportError(f"{self.models} is no Python file")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module
        *packages, name = Path(file).with_suffix("").parts
        for i in range(1, len(packages) + 1):
            add_bare_package(".".join(packages[:i]), self.root)
        # The file's own folder comes last: scripts that lie side by side import each other by their bare names.
        sys.path.append(str((self.root / file).parent))
        self._open()
        return importlib.import_module(".".join([*packages, name]))

    def _open(self) -> None:
        """Make the checkout's packages importable."""
        sys.path.append(str(self.root))
        sys.meta_path.append(_NotInstalled(self.root))
        exec(self.prepare, {})

    def constructors(self, file: str) -> list[str]:
        """The names in __all__ (without one: the public functions) that can be called as they are, in their order."""
        module = self.load(file)
        listed = getattr(module, "__all__", None)
        own = [k for k, v in vars(module).items() if inspect.isfunction(v) and v.__module__ == module.__name__]
        names = [name for name in (own if listed is None else listed) if not name.startswith("_")]
        return [name for name in names if self._is_callable(name, getattr(module, name, None))]

    def _is_callable(self, name: str, made_by: Any) -> bool:
        if not callable(made_by):
            return False
        given = self.arguments.get(name, {})
        optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        parameters = inspect.signature(made_by).parameters.values()
        return all(p.default is not p.empty or p.kind in optional or p.name in given for p in parameters)

    def build(self, module: ModuleType, name: str) -> tuple[Any, list[int] | None]:
        """The model of a constructor, without a download, and the shape of its image where the constructor tells it."""
        constructor = getattr(module, name)
        given = dict(self.arguments.get(name, {}))
        if "pretrained" in inspect.signature(constructor).parameters:
            given.setdefault("pretrained", False)
        made = constructor(**given)
        return made if isinstance(made, tuple) else (made, None)

    def fill(self, name: str, model: Any, gain: float = 1.0) -> list[str]:
        """Set all weights, from the constructor's file or from a seed for each key; returns the keys left without one.

        From seeds come parameters and the statistics of batch norms. Other buffers stay as the constructor made them.
        gain: a factor for the matrices and filters from seeds.
        """
        import paddle

        path = self.weights and self.weights / f"{name}.pdparams"
        state = model.state_dict()
        if path and path.exists():
            weights = paddle.load(str(path))
        else:
            seeded = {id(p) for p in model.parameters()}
            weights = {
                key: _seeded(key, value.shape, gain) if _is_seeded(key, value, seeded) else value
                for key, value in state.items()
            }
        missing, _ = model.set_state_dict(weights)
        return list(missing)


def _seeded(key: str, shape: Sequence[int], gain: float) -> Any:
    array = filled(key, list(shape))
    return array * np.float32(gain) if len(shape) > 1 else np.asarray(array)


def _is_seeded(key: str, value: Any, parameters: set[int]) -> bool:
    return "float" in str(value.dtype) and (id(value) in parameters or key.endswith(("._mean", "._variance")))


def add_bare_package(name: str, root: Path) -> None:
    """Let a package of a checkout be imported without its __init__, unless it is imported already."""
    package = ModuleType(name)
    package.__path__ = [str(root.joinpath(*name.split(".")))]
    sys.modules.setdefault(name, package)


def images(name: str, shape: Sequence[int]) -> Any:
    """The input of a constructor's model."""
    return np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape).astype("float32")


def another_batch(name: str, shape: Sequence[int]) -> Any:
    """Two other images for the same model."""
    return images(f"{name} again", [2, *shape[1:]])


def tensors(result: Any) -> list[Any]:
    """The tensors of a model's result in order, those in lists, tuples and dicts too."""
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return [x for part in result for x in tensors(part)]
    return [result] if hasattr(result, "numpy") else []


def keys(state: dict[str, Any]) -> list[list[Any]]:
    """Names and shapes of a state dict, in order."""
    return [[key, list(value.shape)] for key, value in state.items()]


class _NotInstalled(MetaPathFinder, Loader):
    """Stands in for modules that the checkout imports and that are not installed; a use of one is an ImportError.

    Model code imports its repository's tools for training and download, and does not use them to build a model.
    An import in a `try` fails as it would: the code has another way.
    """

    def __init__(self, root: Path) -> None:
        self.root = str(root)

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        top = fullname.partition(".")[0]
        if top in ("paddle", "fxtraced") or not self._asked_by_the_checkout():
            return None
        package = sys.modules.get(top)
        if package is not None and not isinstance(package, _StandIn):
            return None  # six.moves, say, which six's own finder makes
        within = (Path(self.root) / top).exists()
        return None if within else ModuleSpec(fullname, self, is_package=True)

    def _asked_by_the_checkout(self) -> bool:
        file, line = next((place for place in _callers() if not place[0].startswith("<frozen importlib")), ("", 0))
        return file.startswith(self.root) and not _is_tried(file, line)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


def _callers() -> Iterator[tuple[str, int]]:
    """File and line of the frames outside of this one, the innermost first."""
    frame = sys._getframe(1)
    while frame := frame.f_back:  # type: ignore[assignment]
        if frame.f_code.co_filename != __file__:
            yield frame.f_code.co_filename, frame.f_lineno


def _is_tried(file: str, line: int) -> bool:
    """True for a line in a `try` that has an `except`."""
    tree = ast.parse(Path(file).read_text())
    tries = [node.body for node in ast.walk(tree) if isinstance(node, ast.Try) and node.handlers]
    return any(body[0].lineno <= line <= (body[-1].end_lineno or 0) for body in tries)


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": _use(f"{self.__name__}.{name}")})


def _use(name: str) -> Any:
    def used(*_: Any, **__: Any) -> None:
        raise ImportError(f"the model uses {name}, and {name.partition('.')[0]} is not installed")

    return used
