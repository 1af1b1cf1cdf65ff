"""Run the gallery of tests/gallery through fxtraced, torch.jit.trace, torch.fx + torch.jit.script and torch.export.

python scripts/gallery_peers.py [--only TEXT] [--out docs/gallery.md]

Writes a table with one row a model. Every result is compared with an eager call of a copy of the model under the same
random seed: outputs, inputs afterwards, and buffers, on every probe, twice.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import io
import os
import pickle
import signal
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from torch.utils import _pytree as pytree

import fxtraced as paddle
from fxtraced.tracing.state import Snapshot
from tests import gallery
from tests.gallery.check import SEED, Wrong, assert_same, eager, flat
from tests.gallery.entries import Entry, seed_everything

SECONDS = 120
LABELS = ("right", "guarded", "refused", "silently wrong", "crash")
HEAD = """# The gallery: small models, and what becomes of them

Every model of `tests/gallery` is traced on one set of inputs and then compared with eager calls on further ones: other
sizes, other values, other layouts, most of them twice. Ground truth is always the eager call of a copy of the model
with the same random seed; outputs, inputs afterwards and buffers must agree. `tests/gallery/test_gallery.py` holds
fxtraced to its column in more ways (reloaded from an archive, after a change of the parameters, with every pass on,
without verification); this table runs the same models through its neighbours in torch {torch}.

| word | meaning |
|---|---|
| right | the eager result on every probe |
| guarded | the eager result, or an error where the graph does not hold; never a wrong number |
| refused | an error when the graph is made, or on every probe |
| **silently wrong** | a result that the model does not give, without an error |
| crash | the process dies, or hangs for {seconds} seconds |

How each is called: `paddle.jit.TracedLayer.trace(model, inputs)`; `torch.jit.trace(model, inputs, strict=False)`;
`torch.jit.script(torch.fx.symbolic_trace(model))`; `torch.export.export(model, inputs, dynamic_shapes=...)` with
`Dim.AUTO` for every dimension. Warnings count for nothing. Models that use Paddle's API have a dash for the others.
"""


def by_fxtraced(model: Any, inputs: list[Any]) -> tuple[Callable[..., Any], Any]:
    _, traced = paddle.jit.TracedLayer.trace(model, inputs)
    return (lambda given: traced(given, return_numpy=False)), model


def by_jit_trace(model: Any, inputs: list[Any]) -> tuple[Callable[..., Any], Any]:
    traced = torch.jit.trace(model, tuple(inputs), strict=False)
    return (lambda given: traced(*given)), traced


def by_fx_and_script(model: Any, inputs: list[Any]) -> tuple[Callable[..., Any], Any]:
    scripted = torch.jit.script(torch.fx.symbolic_trace(model))
    return (lambda given: scripted(*given)), scripted


def by_export(model: Any, inputs: list[Any]) -> tuple[Callable[..., Any], Any]:
    def every_dim(leaf: Any) -> Any:
        return dict.fromkeys(range(leaf.ndim), torch.export.Dim.AUTO) if isinstance(leaf, torch.Tensor) else None

    shapes = pytree.tree_map(every_dim, tuple(inputs))
    exported = torch.export.export(model, tuple(inputs), dynamic_shapes=shapes).module()
    return (lambda given: exported(*given)), exported


TOOLS: dict[str, Callable[[Any, list[Any]], tuple[Callable[..., Any], Any]]] = {
    "fxtraced": by_fxtraced,
    "torch.jit.trace": by_jit_trace,
    "fx + script": by_fx_and_script,
    "torch.export": by_export,
}


def judge(entry: Entry, tool: Callable[[Any, list[Any]], tuple[Callable[..., Any], Any]]) -> str:
    """One of LABELS for one model and one tool."""
    model = entry.layer()
    twin = copy.deepcopy(model) if entry.copies else entry.layer()
    # fxtraced leaves a model as one eager call does; the others run it as often as they like, and start anew here.
    start = _values(model)
    seed_everything(SEED)
    try:
        run, holder = tool(model, entry.inputs(0))
    except Exception:
        return "refused"
    if tool is by_fxtraced:
        eager(twin, entry.inputs(0))
    else:
        _load(holder, start)
    probes = [(probe, 0) for probe in range(len(entry.probes)) for _ in range(2)] + [(0, seed) for seed in range(1, 6)]
    outcomes = [_outcome(entry, twin, run, holder, probe, seed) for probe, seed in probes]
    if "silently wrong" in outcomes:
        return "silently wrong"
    if "refused" not in outcomes:
        return "right"
    return "guarded" if "right" in outcomes else "refused"


def _outcome(entry: Entry, twin: Any, run: Callable[..., Any], holder: Any, probe: int, seed: int) -> str:
    given, fed = entry.inputs(probe, seed), entry.inputs(probe, seed)
    before, values = Snapshot(twin), _values(twin)
    expected = eager(twin, given, SEED + seed)
    seed_everything(SEED + seed)
    try:
        with torch.no_grad():
            got = flat(run(fed))
    except Exception:
        if not isinstance(expected, Exception):
            before.restore()
            _load(holder, values)
            return "refused"
        return "right"
    if isinstance(expected, Exception):
        return "silently wrong"
    try:
        assert_same("outputs", expected, got)
        assert_same("inputs", flat(given), flat(fed))
        now = holder.state_dict()
        wanted = {k: v for k, v in twin.state_dict().items() if k in now}
        assert_same("state", list(wanted.values()), [now[k] for k in wanted])
    except Wrong:
        return "silently wrong"
    return "right"


def _values(model: Any) -> dict[str, torch.Tensor]:
    return {k: v.clone() for k, v in model.state_dict().items() if not torch.nn.parameter.is_lazy(v)}


def _load(holder: Any, values: dict[str, torch.Tensor]) -> None:
    with torch.no_grad(), contextlib.suppress(Exception):
        for key, tensor in holder.state_dict().items():
            if key in values:
                tensor.copy_(values[key])


def in_a_child(entry: Entry, tool: Callable[..., Any]) -> str:
    """judge in a process of its own, which may die."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        signal.alarm(SECONDS)
        quiet = io.StringIO()
        with contextlib.redirect_stdout(quiet), contextlib.redirect_stderr(quiet):
            try:
                label = judge(entry, tool)
            except BaseException:
                label = f"this script failed: {traceback.format_exc()}"
        os.write(writer, pickle.dumps(label))
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(answer) if answer else "crash"


def table(rows: list[tuple[Entry, dict[str, str]]]) -> str:
    """The document: totals, then a table for each theme."""
    lines = [HEAD.format(torch=torch.__version__.partition("+")[0], seconds=SECONDS), "## Totals", ""]
    torch_rows = [labels for _, labels in rows if len(labels) == len(TOOLS)]
    paddle_rows = [labels for _, labels in rows if len(labels) == 1]
    lines += [f"| {len(torch_rows)} models that every tool can be given | {' | '.join(LABELS)} |", "|---" * 6 + "|"]
    for tool in TOOLS:
        count = Counter(labels[tool] for labels in torch_rows)
        lines.append(f"| {tool} | {' | '.join(str(count[label]) for label in LABELS)} |")
    count = Counter(labels["fxtraced"] for labels in paddle_rows)
    lines += ["", f"With Paddle's API, {len(paddle_rows)} more models for fxtraced alone: "]
    lines[-1] += ", ".join(f"{count[label]} {label}" for label in LABELS) + "."
    for theme in dict.fromkeys(entry.theme for entry, _ in rows):
        lines += [
            "",
            f"## {theme.capitalize()}",
            "",
            f"| model | {' | '.join(TOOLS)} |",
            "|---" * (len(TOOLS) + 1) + "|",
        ]
        for entry, labels in rows:
            if entry.theme == theme:
                cells = [_cell(labels.get(tool, "–")) for tool in TOOLS]
                lines.append(f"| {entry.name.replace('_', ' ')} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(label: str) -> str:
    return f"**{label}**" if label in ("silently wrong", "crash") else label


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="models whose name contains this")
    parser.add_argument("--out", default=str(Path(__file__).resolve().parents[1] / "docs" / "gallery.md"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    entries = [entry for entry in gallery.models() if options.only in entry.name]
    in_torch = {(entry.theme, entry.name) for entry in entries if entry.style == "torch"}
    # What the children would otherwise import one by one.
    by_export(torch.nn.Linear(2, 2), [torch.ones(3, 2)])
    rows = []
    started = time.perf_counter()
    for entry in entries:
        if entry.style == "torch":
            labels = {name: in_a_child(entry, tool) for name, tool in TOOLS.items()}
        elif (entry.theme, entry.name) not in in_torch:
            labels = {"fxtraced": in_a_child(entry, by_fxtraced)}
        else:
            continue
        rows.append((entry, labels))
        print(f"{entry.key}: {', '.join(f'{k} {v}' for k, v in labels.items())}", flush=True)
    Path(options.out).write_text(table(rows))
    print(f"{len(rows)} models in {time.perf_counter() - started:.0f} s: {options.out}")


if __name__ == "__main__":
    main()
