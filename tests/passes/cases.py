"""One pass on one layer: how many places it changes, and that results stay those without it."""

from __future__ import annotations

from typing import Any

import numpy as np

import fxtraced as paddle
from tests.gallery.entries import seed_everything
from tests.helpers import trace


def check_pass(
    name: str, layer: Any, probes: list[list[Any]], count: int, exact: bool = True, never: str = "", **switches: bool
) -> Any:
    """Trace layer on the first probe and run all of them with the pass, without it, and in the layer itself.

    Asserts that the pass changed `count` places and that the results agree: bit for bit, or within 1e-6 of their scale.
    never: another pass to leave out. switches: attributes of the BuildStrategy. Returns the TracedLayer.
    """
    traced = trace(layer, *probes[0])
    programs = []
    for deleted in (False, True):
        build = paddle.static.BuildStrategy()
        for switch, value in switches.items():
            setattr(build, switch, value)
        for left_out in (name if deleted else "", never):
            if left_out:
                build.delete_pass(left_out)
        programs.append(paddle.static.CompiledProgram(traced.program, build_strategy=build))
    report = programs[0].report()
    assert report.get(name, 0) == count, report
    executor = paddle.static.Executor()
    for probe in probes:
        expected = _call(layer, probe)
        for program in (*programs, programs[0]):
            feed = dict(zip(program.feed_names, probe, strict=True))
            seed_everything(1)
            results = executor.run(program, feed=feed)
            for result, wanted in zip(results, expected, strict=True):
                assert_close(result, wanted, exact or program is programs[1])
    return traced


def _call(layer: Any, probe: list[Any]) -> list[np.ndarray]:
    seed_everything(1)
    with paddle.no_grad():
        outputs = layer(*probe)
    return [x.numpy() for x in (outputs if isinstance(outputs, list | tuple) else [outputs])]


def assert_close(result: np.ndarray, wanted: np.ndarray, exact: bool) -> None:
    """Equal, or within 1e-6 of the largest magnitude where that is a matter of rounding."""
    assert result.dtype == wanted.dtype
    if exact or not np.issubdtype(wanted.dtype, np.floating):
        np.testing.assert_array_equal(result, wanted)
    else:
        finite = np.abs(wanted[np.isfinite(wanted)])
        scale = max(1.0, float(finite.max()) if finite.size else 1.0)
        np.testing.assert_allclose(result, wanted, rtol=1e-6, atol=1e-6 * scale)
