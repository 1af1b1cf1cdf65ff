"""Random programs: a layer's source text, its inputs, and the sizes to probe it with."""

from __future__ import annotations

import linecache
import math
import random
import re
import string
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

import fxtraced as paddle
from tests.fuzz.grammar import ATTRIBUTES, STATEFUL, tables
from tests.gallery.entries import seed_everything

_DIMS: list[tuple[Any, ...]] = [
    ("N", 4), ("N",), ("N", "M"), ("N", "M", 4), ("N", 4, "M"), (4,), ("M",), (), (1, "N"), (2, "N", 4, "M"),
]  # fmt: skip
_WORDS = {"c": ["1", "2", "3", "4", "0"], "a": ["0", "-1", "1", "2"], "k": ["0.5", "2.0", "-0.25"]}
_MODULES = {"torch": torch, "paddle": paddle, "math": math, "np": np, "random": random}
_MOST_ELEMENTS, _LARGEST = 4096, 1e4
_HEADS = {
    "paddle": "import fxtraced as paddle\nimport torch\n\nnn = paddle.nn\n\n\nclass Net(paddle.nn.Layer):",
    "torch": "import torch\n\nimport fxtraced as paddle\n\nnn = torch.nn\n\n\nclass Net(torch.nn.Module):",
}


@dataclass(frozen=True)
class Input:
    """One input: its name, its kind (f, i or b), its sizes (numbers or names of sizes), and how it lies in memory."""

    name: str
    kind: str
    dims: tuple[Any, ...]
    strided: bool = False

    def tensor(self, sizes: dict[str, int], rng: np.random.RandomState) -> torch.Tensor:
        shape = tuple(sizes.get(dim, dim) for dim in self.dims)
        if self.kind == "f":
            made = torch.tensor(rng.uniform(-1, 1, shape), dtype=torch.float32)
        else:
            made = torch.tensor(rng.randint(0, 2 if self.kind == "b" else 4, shape), dtype=torch.int64)
            made = made.bool() if self.kind == "b" else made
        return made.mT.contiguous().mT if self.strided and made.ndim > 1 else made


@dataclass(frozen=True)
class Program:
    """A layer as source text, with inputs and several sets of sizes; it is traced on the first set."""

    style: str
    attributes: tuple[str, ...]
    inputs: tuple[Input, ...]
    body: tuple[str, ...]
    sizes: tuple[dict[str, int], ...]
    training: bool

    @property
    def source(self) -> str:
        """The layer's class, as text."""
        made = [entry if isinstance(entry := ATTRIBUTES[name], str) else entry[self.style] for name in self.attributes]
        lines = ["    def __init__(self):", "        super().__init__()", *(f"        {line}" for line in made), ""]
        lines += [f"    def forward(self, {', '.join(x.name for x in self.inputs)}):"]
        lines += [f"        {line}" for line in self.body]
        return "\n".join(["import math", "import random", "", "import numpy as np", _HEADS[self.style], *lines, ""])

    def layer(self) -> Any:
        """The layer, the same in every call."""
        seed_everything(7)
        file = f"<fuzz {hash(self.source)}>"
        linecache.cache[file] = (len(self.source), None, self.source.splitlines(True), file)
        names: dict[str, Any] = {"__name__": "fuzz"}
        exec(compile(self.source, file, "exec"), names)
        layer = names["Net"]()
        return layer.train() if self.training else layer.eval()

    def tensors(self, probe: int, seed: int = 0) -> list[Any]:
        """The inputs of one probe, the same in every call."""
        rng = np.random.RandomState(100 * seed + probe + 1)
        kind = paddle.Tensor if self.style == "paddle" else torch.Tensor
        return [x.tensor(self.sizes[probe], rng).as_subclass(kind) for x in self.inputs]

    @property
    def runnable(self) -> str:
        """A file that traces the layer and prints eager and static results of every probe."""
        shapes = [[tuple(s.get(d, d) for d in x.dims) for x in self.inputs] for s in self.sizes]
        makers = {"f": "torch.rand({}) * 2 - 1", "i": "torch.randint(0, 4, {})", "b": "torch.rand({}) < 0.5"}
        lines = [self.source, "", f"net = Net().{'train' if self.training else 'eval'}()", "traced = None"]
        lines += [f"for shapes in {shapes}:", "    inputs = ["]
        for at, x in enumerate(self.inputs):
            strided = ".mT.contiguous().mT" if x.strided and len(x.dims) > 1 else ""
            made = makers[x.kind].format(f"shapes[{at}]")
            lines.append(f"        ({made}){strided},")
        lines += ["    ]", "    if traced is None:"]
        lines += ["        _, traced = paddle.jit.TracedLayer.trace(net, inputs, verify=False)"]
        lines += ["    torch.manual_seed(0)", "    print(net(*inputs))"]
        lines += ["    torch.manual_seed(0)", "    print(traced(inputs))"]
        return "\n".join(lines) + "\n"


@st.composite
def programs(draw: Any, stateful: bool = False) -> Program:
    """Programs that work on their first sizes. stateful: with Python state that only verification notices."""
    style = draw(st.sampled_from(["paddle", "torch"]))
    training = draw(st.sampled_from([False, False, False, True]))
    inputs = tuple(_input(draw, i) for i in range(draw(st.integers(1, 3))))
    first = {name: draw(st.integers(1, 5)) for name in ("N", "M")}
    sizes = [first, first]
    for _ in range(draw(st.integers(1, 3))):
        sizes.append({name: draw(st.integers(0, 7)) for name in first})
    empty = Program(style, tuple(ATTRIBUTES), inputs, ("pass",), tuple(sizes), training)
    writer = _Writer(draw, empty)
    for _ in range(draw(st.integers(1, 6))):
        writer.add_statement("S")
    if stateful:
        writer.add(writer.text(draw(st.sampled_from(STATEFUL))))
    body = [*writer.lines, writer.result()]
    used = tuple(name for name in ATTRIBUTES if re.search(rf"self\.{name}\b", "\n".join(body)))
    return Program(style, used, inputs, tuple(body), tuple(sizes), training)


def _input(draw: Any, index: int) -> Input:
    kind = draw(st.sampled_from(["f", "f", "f", "i", "b"])) if index else "f"
    dims = draw(
        st.sampled_from(
            [("N", 4), ("N",), ("N", "M"), ("N", "M", 4), ("N", 4, "M"), (4,), ("M",), (), (1, "N"), (2, "N", 4, "M")]
        )
    )
    return Input("xyz"[index], kind, dims, draw(st.sampled_from([False, False, False, True])))


class _Writer:
    """Writes a forward statement by statement, running each on the first inputs; what fails there is left out."""

    def __init__(self, draw: Any, program: Program):
        self.draw = draw
        self.lines: list[str] = []
        self.tables = tables(program.style)
        layer = program.layer()
        self.names: dict[str, Any] = {
            "self": layer,
            "torch": torch,
            "paddle": paddle,
            "math": math,
            "np": np,
            "random": random,
        }
        self.given = dict(zip((x.name for x in program.inputs), program.tensors(0), strict=True))
        self.names.update(self.given)
        self.count = 0

    def add_statement(self, kind: str) -> None:
        self.add(self.text(self.draw(st.sampled_from(self.tables[kind]))))

    def add(self, text: str | None) -> None:
        """Keep a statement if it works."""
        if text is None:
            return
        known = dict(self.names)
        try:
            with torch.no_grad():
                exec(compile(text, "<statement>", "exec"), self.names)
            sound = all(map(_is_sound, self.names.values()))
        except Exception:
            sound = False
        if sound:
            self.lines += text.splitlines()
        else:
            self.names = known

    def result(self) -> str:
        """The return statement."""
        made = [name for name, value in self._variables() if isinstance(value, torch.Tensor)] or ["torch.ones(1)"]
        chosen = made[-3:] if self.draw(st.booleans()) else [made[-1]]
        if self.draw(st.sampled_from([False, False, True])):
            return f"return {{{', '.join(f'{name!r}: {name}' for name in chosen)}}}"
        return f"return {', '.join(chosen)}"

    def text(self, template: str, depth: int = 2) -> str | None:
        """template with its holes filled; None where nothing fits."""
        filled: dict[str, str] = {}
        out = []
        for literal, kind, label, _ in string.Formatter().parse(template):
            out.append(literal)
            if kind is None:
                continue
            key = f"{kind}:{label}"
            if key not in filled:
                found = self._fill(kind, depth)
                if found is None:
                    return None
                filled[key] = found
            out.append(filled[key])
        return "".join(out)

    def _fill(self, kind: str, depth: int) -> str | None:
        draw = self.draw
        if kind in self.tables:
            # Deep down only the simplest texts, which stand first.
            choices = self.tables[kind] if depth else self.tables[kind][:6]
            return self.text(draw(st.sampled_from(choices)), depth - 1 if depth else 0)
        if kind == "v":
            self.count += 1
            return f"v{self.count}"
        if kind in ("c", "a", "k"):
            return draw(
                st.sampled_from(
                    {"c": ["1", "2", "3", "4", "0"], "a": ["0", "-1", "1", "2"], "k": ["0.5", "2.0", "-0.25"]}[kind]
                )
            )
        names = [name for name, value in self._variables() if _fits(kind, value)]
        return draw(st.sampled_from(names)) if names else None

    def _variables(self) -> list[tuple[str, Any]]:
        return [(k, v) for k, v in self.names.items() if k in self.given or re.fullmatch(r"v\d+", k)]


def _fits(kind: str, value: Any) -> bool:
    if kind == "w":
        return type(value) is int
    if not isinstance(value, torch.Tensor):
        return False
    if kind == "any":
        return True
    if kind == "b":
        return value.dtype == torch.bool
    if kind == "i":
        return value.dtype == torch.int64
    return value.dtype.is_floating_point and value.ndim >= int(kind[1:] or 0)


def _is_sound(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < _LARGEST
    if not isinstance(value, torch.Tensor) or not value.numel():
        return True
    if value.numel() > _MOST_ELEMENTS or value.is_complex():
        return False
    with torch._C.DisableTorchFunctionSubclass():
        return bool(torch.isfinite(value).all()) and bool(
            (value.abs() if value.dtype != torch.bool else value).max() < _LARGEST
        )
