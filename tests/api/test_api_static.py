"""Every row of the API table as a static graph: on its inputs, on other values, reloaded from a file, at other sizes.

Left out are the rows without tensor inputs (a graph of constants) and the rows for which Paddle raises. A row whose
result holds no tensor must be refused with Paddle's TypeError; REFUSED lists the others that cannot be static, GUARDED
those that hold for one leading size only.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from harness import (
    TOPICS,
    arrays,
    assert_same,
    inputs_for,
    layer_of,
    prepared,
    recorded,
    rows_of,
    with_leading_size,
    with_other_sizes,
)
from rows import Row, leaves_of

import fxtraced as paddle
from fxtraced.errors import FxtracedError, GuardError

# Why a static graph cannot hold it: the code of the error.
REFUSED = {
    # Without maxlen the width of the mask is the largest number in x.
    "paddle.nn.functional.sequence_mask(x)": "FXT101",
    # The threshold follows from the boxes that are kept.
    "paddle.vision.ops.generate_proposals(s, d, i, paddle.concat([a - z, a + z], -1), v, nms_thresh=0.7, eta=0.9, "
    "return_rois_num=True)": "FXT101",
    # Gradients are no part of a static graph.
    "[setattr(a, 'stop_gradient', False), (a * a).sum().backward(), a.grad, a.gradient()][2:]": "FXT100",
    "[setattr(a, 'stop_gradient', False), (a * 2).backward(), a.grad][2]": "FXT100",
    "[setattr(a, 'stop_gradient', False), (a * 2).backward(), a.clear_grad(), a.grad][3]": "FXT100",
}

# Forward itself counts to the leading size, or chooses by it.
GUARDED = {
    "paddle.nn.functional.gather_tree(a, b)",  # a loop over the steps
    "paddle.nn.RNN(paddle.nn.SimpleRNNCell(6, 4), time_major=True)",  # a loop over the steps
    "paddle.cross(a, b)",  # its default axis is the first one of size 3
    "[b := a.clone(), exec('b[::-1] = b * 2', {'b': b, 'paddle': paddle, 'np': np})][0]",  # an index
    "a.unbind(0)",
    "[v for v in a]",
}


def static_cases() -> list[Any]:
    return [
        pytest.param(topic, index, row, id=f"{topic}-{index}-{row.call}")
        for topic in TOPICS
        for index, row in enumerate(rows_of(topic))
        if row.inputs and "error" not in recorded(topic).get(index, {})
    ]


@cache
def executor() -> Any:
    return paddle.static.Executor(paddle.CPUPlace())


def eager(layer: Any, row: Row, draw: str = "") -> list[np.ndarray]:
    return arrays(prepared(layer, row)(*inputs_for(row, draw)))


def eager_if_it_works(layer: Any, row: Row) -> list[np.ndarray] | None:
    """What the layer gives, or None where it takes no inputs of these sizes."""
    try:
        return eager(layer, row)
    except Exception:  # whatever torch raises says so
        return None


def static(layer: Any, traced: Any, row: Row, draw: str = "") -> list[np.ndarray]:
    prepared(layer, row)
    return traced(inputs_for(row, draw))


def check_reloaded(layer: Any, traced: Any, row: Row, directory: Path) -> None:
    """The saved model, which is in inference mode."""
    prepared(layer, row)
    traced.save_inference_model(str(directory))
    program, feeds, fetches = paddle.static.load_inference_model(str(directory), executor())
    got = executor().run(program, dict(zip(feeds, inputs_for(row), strict=True)), fetches)
    prepared(layer, row).eval()
    assert_same(row, got, arrays(layer(*inputs_for(row))), "reloaded")


def check_leading_size(layer: Any, traced: Any, row: Row) -> None:
    other = with_leading_size(row)
    wanted = other and eager_if_it_works(layer, other)
    if other is None or wanted is None:
        assert row.call not in GUARDED
    elif row.call in GUARDED:
        with pytest.raises(GuardError, match="FXT201"):
            static(layer, traced, other)
    else:
        assert_same(other, static(layer, traced, other), wanted, "at another leading size")


def check_other_sizes(layer: Any, traced: Any, row: Row) -> None:
    """Each size enlarged in turn: the graph gives what the layer gives, or says which guard does not hold."""
    for other in with_other_sizes(row):
        wanted = eager_if_it_works(layer, other)
        if wanted is None:
            continue
        try:
            got = static(layer, traced, other)
        except GuardError:
            continue
        assert_same(other, got, wanted, "at another size")


@pytest.mark.parametrize(("topic", "index", "row"), static_cases())
def test_row_as_a_static_graph(topic: str, index: int, row: Row, tmp_path: Path) -> None:
    layer = layer_of(row)
    if row.call in REFUSED:
        with pytest.raises(FxtracedError, match=REFUSED[row.call]):
            paddle.jit.TracedLayer.trace(layer, inputs_for(row), verify=False)
        return
    if not any(isinstance(leaf, paddle.Tensor) for leaf in leaves_of(prepared(layer, row)(*inputs_for(row)))):
        with pytest.raises(TypeError, match="each element of outputs"):
            paddle.jit.TracedLayer.trace(layer, inputs_for(row), verify=False)
        return
    outputs, traced = paddle.jit.TracedLayer.trace(prepared(layer, row), inputs_for(row), verify=False)
    assert_same(row, static(layer, traced, row), arrays(outputs), "static")
    assert_same(row, static(layer, traced, row, "other"), eager(layer, row, "other"), "on other values")
    check_reloaded(layer, traced, row, tmp_path)
    check_leading_size(layer, traced, row)
    check_other_sizes(layer, traced, row)


def test_the_exceptions_are_rows() -> None:
    calls = {case.values[2].call for case in static_cases()}
    assert REFUSED.keys() | GUARDED <= calls
