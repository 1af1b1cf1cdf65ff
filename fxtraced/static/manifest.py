"""What an archive says of itself: the manifest, and the attributes that C++ reads."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import fx

import fxtraced.framework.version as version
from fxtraced.framework.dtype import dtype_name
from fxtraced.lowering.self_test import no_sample_because
from fxtraced.passes.matching import name_of
from fxtraced.static.traced_program import TracedProgram
from fxtraced.static.variable import Variable
from fxtraced.tracing.guards import check_guard
from fxtraced.tracing.regions import all_nodes

FORMAT = 1


def manifest_of(
    program: TracedProgram, feeds: list[str], fetches: list[str], graph: fx.Graph, parameters: int, sample: str
) -> dict[str, Any]:
    """The manifest of a pruned graph; docs/archives.md lists the keys."""
    kept = {node.args[1] for node in all_nodes(graph) if node.target is check_guard}
    aliased = program.may_alias(tuple(fetches))
    # A fetch may bear the name of a feed.
    feed_vars = {variable.name: variable for variable in program.feeds}
    calls = [node for node in all_nodes(graph) if node.op in ("call_function", "call_method")]
    operations = Counter(name_of(node) for node in calls if "shape" in node.meta)
    return {
        "format": FORMAT,
        "fxtraced": version.VERSION,
        "torch": torch.__version__,
        "feeds": [{**_entry(feed_vars[name]), "written": name in program.written_feeds()} for name in feeds],
        "fetches": [
            {**_entry(program.var(name)), "may_alias": shared} for name, shared in zip(fetches, aliased, strict=True)
        ],
        "guards": [
            {"text": guard.question, "source": str(guard.source or "")}
            for guard in program.guards
            if guard.message in kept
        ],
        "operations": dict(operations.most_common()),
        "parameters": parameters,
        "sample": sample,
        "repeatable": no_sample_because(graph) is None,
        "verified": [str(probe) for probe in program.report.probes] if program.report else [],
        "sizes": [found.as_dict() for found in program.report.sizes if found.feed in feeds] if program.report else [],
    }


def attributes_of(manifest: dict[str, Any], tolerance: float) -> dict[str, tuple[Any, Any]]:
    """The attributes of the scripted module, each with its type and value. tolerance: what the self-test allows."""
    feeds, fetches, guards = manifest["feeds"], manifest["fetches"], manifest["guards"]
    return {
        "fxtraced_format": (int, manifest["format"]),
        "fxtraced_feed_names": (list[str], [entry["name"] for entry in feeds]),
        "fxtraced_feed_dtypes": (list[str], [entry["dtype"] for entry in feeds]),
        "fxtraced_feed_shapes": (list[list[int]], [entry["shape"] for entry in feeds]),
        "fxtraced_fetch_names": (list[str], [entry["name"] for entry in fetches]),
        "fxtraced_fetch_dtypes": (list[str], [entry["dtype"] for entry in fetches]),
        "fxtraced_fetch_shapes": (list[list[int]], [entry["shape"] for entry in fetches]),
        "fxtraced_guards": (list[str], [entry["text"] for entry in guards]),
        "fxtraced_tolerance": (float, tolerance),
        "fxtraced_target": (str, manifest["target"]),
        "fxtraced_parameters": (int, manifest["parameters"]),
        "fxtraced_operations": (dict[str, int], manifest["operations"]),
        "fxtraced_verified": (list[str], manifest["verified"]),
        "fxtraced_written_by": (str, f"fxtraced {manifest['fxtraced']}, torch {manifest['torch']}"),
    }


def _entry(variable: Variable) -> dict[str, Any]:
    return {"name": variable.name, "dtype": dtype_name(variable.dtype), "shape": list(variable.shape)}
