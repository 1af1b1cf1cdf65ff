"""What an archive says of itself: the manifest, and the attributes that C++ reads."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from torch import fx

import fxtraced.framework.version as version
from fxtraced.framework.dtype import convert_dtype, dtype_name
from fxtraced.framework.errors import ArchiveError
from fxtraced.lowering.self_test import no_sample_because
from fxtraced.passes.matching import name_of
from fxtraced.passes.partitioning import multiplications, recurrent_multiplications
from fxtraced.static.traced_program import TracedProgram
from fxtraced.static.variable import Variable
from fxtraced.tracing.guards import check_guard
from fxtraced.tracing.regions import all_nodes

FORMAT = 1
TARGETS = ("portable", "cpu", "cuda")


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
        "multiplications": multiplications(graph) + recurrent_multiplications(graph),
        "sample": sample,
        "repeatable": no_sample_because(graph) is None,
        "verified": [str(probe) for probe in program.report.probes] if program.report else [],
        "sizes": [found.as_dict() for found in program.report.sizes if found.feed in feeds] if program.report else [],
    }


def check_manifest(path: str, manifest: dict[str, Any]) -> None:
    """Raise ArchiveError for a manifest of a newer format, or one without what a program needs."""
    for key, wanted in (("format", int), ("feeds", list), ("fetches", list)):
        if key not in manifest:
            raise _broken(path, f"it has no {key!r}")
        if not isinstance(manifest[key], wanted):
            raise _broken(path, f"its {key!r} is {manifest[key]!r}")
    if manifest["format"] > FORMAT:
        raise ArchiveError(
            f"FXT401 {path} has format {manifest['format']}, written by fxtraced {manifest.get('fxtraced')}; this "
            f"fxtraced {version.VERSION} reads up to {FORMAT}. Upgrade fxtraced. See docs/errors.md#fxt401"
        )
    if manifest.get("target", "portable") not in TARGETS:
        raise ArchiveError(
            f"FXT401 {path} cannot be used: it was saved for target {manifest['target']!r} by fxtraced "
            f"{manifest.get('fxtraced')}, and this fxtraced {version.VERSION} knows {TARGETS}. Upgrade fxtraced. See "
            "docs/errors.md#fxt401"
        )
    for kind in ("feeds", "fetches"):
        for entry in manifest[kind]:
            try:
                complete = isinstance(entry["name"], str) and isinstance(entry["shape"], list)
                convert_dtype(entry["dtype"])
                why = "" if complete else ": a text and a list are wanted"
            except (KeyError, TypeError) as error:
                why = f": {error}"
            if why:
                raise _broken(path, f"in its {kind!r}, {entry!r} has no name, dtype and shape{why}")


def _broken(path: str, what: str) -> ArchiveError:
    return ArchiveError(
        f"FXT401 {path} has a broken description: {what}. Save the model again. See docs/errors.md#fxt401"
    )


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
        "fxtraced_multiplications": (int, manifest["multiplications"]),
        "fxtraced_operations": (dict[str, int], manifest["operations"]),
        "fxtraced_verified": (list[str], manifest["verified"]),
        "fxtraced_written_by": (str, f"fxtraced {manifest['fxtraced']}, torch {manifest['torch']}"),
    }


def _entry(variable: Variable) -> dict[str, Any]:
    return {"name": variable.name, "dtype": dtype_name(variable.dtype), "shape": list(variable.shape)}
