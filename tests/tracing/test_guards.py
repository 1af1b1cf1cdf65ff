"""Looks at sizes: what stays dynamic, what becomes a guard, and that the guard holds the promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

import fxtraced as paddle
from tests.helpers import floats, layer_of, linear, same_as_layer, trace

F = paddle.nn.functional

# forward, the shape traced, other shapes that must work without a guard.
DYNAMIC = {
    "batch": (lambda self, x: self.fc(x), (2, 4), [(1, 4), (7, 4), (0, 4)]),
    "reshape": (lambda self, x: x.reshape([x.shape[0], 2, -1]), (3, 4), [(5, 4), (3, 6)]),
    "reshape zero": (lambda self, x: x.reshape([0, 2, -1]), (3, 4), [(5, 4), (3, 6)]),
    "arithmetic on sizes": (lambda self, x: x.reshape([x.shape[0] * x.shape[1] // 2, 2]), (3, 4), [(5, 4), (3, 6)]),
    "scale by a size": (lambda self, x: x * (x.shape[-1] ** -0.5) + x.shape[0], (3, 4), [(5, 9)]),
    "paddle.shape": (lambda self, x: x.reshape([paddle.shape(x)[0], 1, -1]), (3, 4), [(5, 4), (3, 6)]),
    "arange": (lambda self, x: x + paddle.arange(x.shape[1]).astype("float32"), (3, 4), [(5, 9)]),
    "mask of a size": (lambda self, x: paddle.tril(paddle.ones([x.shape[0], x.shape[0]])) @ x, (3, 4), [(6, 4)]),
    "zeros and full": (
        lambda self, x: paddle.zeros(x.shape) + paddle.full([x.shape[0], 1], 2.0) + x,
        (3, 4),
        [(5, 4), (3, 7)],
    ),
    "positions cut to length": (lambda self, x: x + self.positions[: x.shape[1]], (2, 3, 4), [(2, 5, 4), (3, 1, 4)]),
    "slices with computed bounds": (lambda self, x: x[:, 1 : x.shape[1] - 1], (3, 6), [(2, 9)]),
    "interpolate to a size": (
        lambda self, x: F.interpolate(x, size=[x.shape[2] * 2, x.shape[3] + 1]),
        (1, 2, 4, 6),
        [(2, 2, 5, 3)],
    ),
    "padded windows": (
        lambda self, x: F.pad(x, [0, (4 - x.shape[3] % 4) % 4, 0, 0]).reshape(
            [0, 0, 0, (x.shape[3] + (4 - x.shape[3] % 4) % 4) // 4, 4]
        ),
        (1, 2, 3, 7),
        [(2, 2, 3, 8), (1, 2, 5, 9)],
    ),
    "numpy product": (lambda self, x: x.reshape([np.prod(x.shape)]), (3, 4), [(5, 2)]),
    "math.ceil of a size": (lambda self, x: x[: math.ceil(x.shape[0] / 2)], (3, 4), [(6, 4), (7, 4)]),
    "round and floor": (lambda self, x: x[: round(x.shape[0] / 2)] + math.floor(x.shape[0] / 3), (6, 4), [(7, 4)]),
    "size": (lambda self, x: x.sum() / x.size, (3, 4), [(5, 2)]),
    "sum of a shape": (lambda self, x: x * sum(x.shape), (3, 4), [(5, 2)]),
    "math.prod of a shape": (lambda self, x: x * math.prod(x.shape), (3, 4), [(5, 2)]),
    "enumerate and zip": (
        lambda self, x: x
        + sum(i * d for i, d in enumerate(x.shape))
        + sum(a * b for a, b in zip(x.shape, [1, 2], strict=True)),
        (3, 4),
        [(5, 2)],
    ),
    "isinstance": (lambda self, x: x * 2 if isinstance(x.shape[0], int) else x, (3, 4), [(5, 2)]),
    "divmod, abs, shifts": (
        lambda self, x: x + divmod(x.shape[0], 3)[1] + abs(x.shape[1] - 9) + (1 << x.shape[0]),
        (3, 4),
        [(5, 2)],
    ),
}


def with_positions(self):
    linear(self)
    self.register_buffer("positions", paddle.randn([8, 4]))


@pytest.mark.parametrize("name", DYNAMIC)
def test_sizes_stay_dynamic(name):
    forward, shape, others = DYNAMIC[name]
    layer = layer_of(forward, with_positions)
    traced = trace(layer, floats(*shape))
    assert traced.guards == []
    for other in [shape, *others]:
        same_as_layer(traced, layer, floats(*other))


def branch(self, x):
    if x.shape[1] % 2 == 0:
        x = x + 1
    return x


def halving(self, x):
    n = x.shape[1]
    while n > 1:
        x = x + 1
        n = n // 2
    return x


# forward, the shape traced, the guards' texts, shapes inside and outside of them.
GUARDED = {
    "branch": (branch, (3, 4), ["x.shape[1] % 2 == 0"], [(5, 6)], [(3, 5)]),
    "branch not taken": (branch, (3, 5), ["x.shape[1] % 2 != 0"], [(5, 7)], [(3, 4)]),
    "truth of a size": (lambda self, x: x if x.shape[0] else x + 1, (3, 4), ["x.shape[0] != 0"], [(1, 4)], [(0, 4)]),
    "less": (lambda self, x: x if x.shape[0] < 5 else x + 1, (3, 4), ["x.shape[0] < 5"], [(4, 4)], [(5, 4)]),
    "not less": (lambda self, x: x if x.shape[0] < 5 else x + 1, (5, 4), ["x.shape[0] >= 5"], [(9, 4)], [(4, 4)]),
    "chain": (
        lambda self, x: x if 2 <= x.shape[0] < 5 else x + 1,
        (3, 4),
        ["x.shape[0] >= 2", "x.shape[0] < 5"],
        [(4, 4)],
        [(5, 4), (1, 4)],
    ),
    "loop": (
        lambda self, x: sum(x[i] * i for i in range(x.shape[0])),
        (3, 4),
        ["x.shape[0] == 3"],
        [(3, 9)],
        [(2, 4), (4, 4)],
    ),
    "iteration": (lambda self, x: sum(row for row in x), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(4, 4)]),
    "formatting": (lambda self, x: x + len(f"{x.shape[0]}"), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(30, 4)]),
    "text of a shape as a key": (
        lambda self, x: x + {"[3, 4]": 1.0}.get(str(x.shape), 2.0),
        (3, 4),
        ["x.shape[0] == 3", "x.shape[1] == 4"],
        [],
        [(4, 4), (3, 5)],
    ),
    "dict key": (lambda self, x: x + {3: 1.0}.get(x.shape[0], 2.0), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(4, 4)]),
    "membership": (
        lambda self, x: x if x.shape[0] in (1, 3) else x + 1,
        (3, 4),
        ["x.shape[0] != 1", "x.shape[0] == 3"],
        [(3, 5)],
        [(4, 4)],
    ),
    "equality of shapes": (
        lambda self, x: x if x.shape == [3, 4] else x + 1,
        (3, 4),
        ["x.shape[0] == 3", "x.shape[1] == 4"],
        [],
        [(3, 5)],
    ),
    "math.sqrt": (lambda self, x: x / math.sqrt(x.shape[1]), (3, 4), ["x.shape[1] == 4"], [(5, 4)], [(3, 9)]),
    "min": (lambda self, x: x[: min(x.shape[0], 2)], (3, 4), ["x.shape[0] > 2"], [(5, 4)], [(2, 4), (1, 4)]),
    "list repetition": (lambda self, x: x + len([0] * x.shape[0]), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(4, 4)]),
    "number of chunks": (
        lambda self, x: sum(x.chunk(3, axis=0)),
        (6, 4),
        ["x.shape[0] % 3 == 0", "len(split(x)) == 3"],
        [(9, 4)],
        [],
    ),
    "number of rows unbound": (
        lambda self, x: sum(paddle.unbind(x)),
        (3, 4),
        ["len(unbind(x)) == 3"],
        [(3, 5)],
        [(4, 4)],
    ),
    "item of paddle.shape": (
        lambda self, x: x * 2 if paddle.shape(x)[0].item() > 2 else x,
        (3, 4),
        None,
        [(4, 4)],
        [(2, 4)],
    ),
    "float": (lambda self, x: x * float(x.shape[0]), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(4, 4)]),
    "index of a list": (lambda self, x: x + [5, 6, 7, 8][x.shape[0]], (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(2, 4)]),
    "slice of a list": (
        lambda self, x: x + sum([5, 6, 7, 8][: x.shape[0]]),
        (3, 4),
        ["x.shape[0] == 3"],
        [(3, 5)],
        [(2, 4)],
    ),
    "range with a step": (
        lambda self, x: x + sum(range(0, x.shape[1], 2)),
        (3, 4),
        ["x.shape[1] == 4"],
        [(5, 4)],
        [(3, 6)],
    ),
    "while": (
        halving,
        (3, 4),
        ["x.shape[1] > 1", "x.shape[1] // 2 > 1", "(x.shape[1] // 2) // 2 <= 1"],
        [(2, 5)],
        [(3, 8)],
    ),
    "hash": (lambda self, x: x + hash(x.shape[0]) % 3, (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(4, 4)]),
    "set": (lambda self, x: x + len({x.shape[0], 7}), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(7, 4)]),
    "repr": (lambda self, x: x + len(repr(x.shape[0])), (3, 4), ["x.shape[0] == 3"], [(3, 5)], [(30, 4)]),
    "percent formatting": (
        lambda self, x: x + len("%d" % x.shape[0]),  # noqa: UP031
        (3, 4),
        ["x.shape[0] == 3"],
        [(3, 5)],
        [(30, 4)],
    ),
    "str.format": (
        lambda self, x: x + len("{:d}".format(x.shape[0])),  # noqa: UP032
        (3, 4),
        ["x.shape[0] == 3"],
        [(3, 5)],
        [(30, 4)],
    ),
    "math.log2": (lambda self, x: x * math.log2(x.shape[1]), (3, 4), ["x.shape[1] == 4"], [(5, 4)], [(3, 8)]),
    "math.gcd": (lambda self, x: x * math.gcd(x.shape[1], 6), (3, 4), ["x.shape[1] == 4"], [(5, 4)], [(3, 8)]),
    "math.isqrt": (lambda self, x: x * math.isqrt(x.shape[1]), (3, 4), ["x.shape[1] == 4"], [(5, 4)], [(3, 9)]),
    "is_integer": (
        lambda self, x: x if (x.shape[1] / 2).is_integer() else x + 1,
        (3, 4),
        ["x.shape[1] / 2 == floor(x.shape[1] / 2)"],
        [(3, 6)],
        [(3, 5)],
    ),
    "not": (lambda self, x: x if not x.shape[0] - 3 else x + 1, (3, 4), ["x.shape[0] - 3 == 0"], [(3, 5)], [(4, 4)]),
    "two sizes": (
        lambda self, x: x if x.shape[0] == x.shape[1] - 1 else x + 1,
        (3, 4),
        ["x.shape[0] == x.shape[1] - 1"],
        [(5, 6)],
        [(3, 5)],
    ),
    "max of a shape": (lambda self, x: x * max(x.shape), (3, 4), ["x.shape[1] > x.shape[0]"], [(2, 9)], [(4, 3)]),
    "min of a shape": (lambda self, x: x * min(x.shape), (3, 4), ["x.shape[1] >= x.shape[0]"], [(2, 9)], [(4, 3)]),
    "sorted": (lambda self, x: x * sorted(x.shape)[0], (3, 4), ["x.shape[1] >= x.shape[0]"], [(2, 9)], [(4, 3)]),
    "any": (
        lambda self, x: x if any(d > 3 for d in x.shape) else x + 1,
        (3, 4),
        ["x.shape[0] <= 3", "x.shape[1] > 3"],
        [(2, 9)],
        [(4, 4)],
    ),
    "all": (
        lambda self, x: x if all(d > 1 for d in x.shape) else x + 1,
        (3, 4),
        ["x.shape[0] > 1", "x.shape[1] > 1"],
        [(2, 9)],
        [(1, 4)],
    ),
    "a size in a shape": (
        lambda self, x: x if 4 in x.shape else x + 1,
        (3, 4),
        ["x.shape[0] != 4", "x.shape[1] == 4"],
        [(5, 4)],
        [(3, 5), (4, 4)],
    ),
    "repetition of a text": (
        lambda self, x: x + len("a" * x.shape[0]),
        (3, 4),
        ["x.shape[0] == 3"],
        [(3, 5)],
        [(4, 4)],
    ),
    "np.sqrt": (lambda self, x: x * float(np.sqrt(x.shape[1])), (3, 4), ["x.shape[1] == 4"], [(5, 4)], [(3, 9)]),
    "np.max": (
        lambda self, x: x * int(np.max(x.shape)),
        (3, 4),
        ["x.shape[0] < x.shape[1]"],
        [(2, 4), (3, 5)],
        [(5, 4)],
    ),
    "np.zeros": (
        lambda self, x: x + paddle.to_tensor(np.zeros(x.shape, "float32")),
        (3, 4),
        ["x.shape[0] == 3", "x.shape[1] == 4"],
        [],
        [(3, 5), (1, 4)],
    ),
    "a size inside": (
        lambda self, x: x if self.fc(x).shape[0] > 2 else x + 1,
        (3, 4),
        ["linear(x).shape[0] > 2"],
        [(5, 4)],
        [(2, 4)],
    ),
    "a size deep inside": (
        lambda self, x: x if F.relu(F.relu(F.relu(x))).shape[0] > 2 else x + 1,
        (3, 4),
        ["relu(relu(relu)).shape[0] > 2"],
        [(5, 4)],
        [(2, 4)],
    ),
    "assert": (lambda self, x: (x.shape[1] == 4 or 1 / 0) and x + 1, (3, 4), ["x.shape[1] == 4"], [(5, 4)], []),
}


@pytest.mark.parametrize("name", GUARDED)
def test_looks_become_guards(name):
    forward, shape, texts, inside, outside = GUARDED[name]
    layer = layer_of(forward, linear)
    traced = trace(layer, floats(*shape))
    assert all(guard.source.file == __file__ and guard.source.text for guard in traced.guards)
    if texts is not None:
        assert [guard.text for guard in traced.guards] == texts
    for other in [shape, *inside]:
        same_as_layer(traced, layer, floats(*other))
    for other in outside:
        with pytest.raises(paddle.errors.GuardError):
            traced([floats(*other)])


def test_neighbouring_guards_are_told_apart():
    def forward(self, x):
        size = paddle.concat([x, x]).shape[0]
        return (x if size == 4 and size < 9 else -x) + 1

    traced = trace(layer_of(forward), floats(2, 3))
    with pytest.raises(paddle.errors.GuardError) as raised:
        traced([floats(3, 3)])
    assert str(raised.value) == traced.guards[0].message


def test_an_operation_that_fails_beside_a_guard_is_not_a_guard():
    def forward(self, x, y):
        size = x.shape[1]
        total = paddle.concat([x, x]).matmul(y)
        return (total if size == 3 else -total) + 1

    traced = trace(layer_of(forward), floats(2, 3), floats(3, 2), verify=False)
    with pytest.raises(paddle.errors.ExecutionError, match="FXT306 .*torch.matmul"):
        traced([floats(2, 3), floats(4, 2)])


def test_a_guard_tells_its_place():
    traced = trace(layer_of(branch), floats(3, 4))
    (guard,) = traced.guards
    assert guard.source.file == __file__
    assert guard.source.text == "if x.shape[1] % 2 == 0:"
    with pytest.raises(ValueError) as error:
        traced([floats(3, 5)])
    assert str(error.value) == (
        f"FXT201 the static graph holds only where `x.shape[1] % 2 == 0`: forward asked for it at {guard.source}. "
        "These inputs differ there, so forward would take another way. Trace again with inputs of these sizes, or keep "
        "forward from looking at the size. See docs/errors.md#fxt201"
    )


def test_guards_are_deduplicated():
    def forward(self, x):
        for _ in range(5):
            branch(self, x)
        return x + 1

    assert len(trace(layer_of(forward), floats(3, 4)).guards) == 1


def test_sizes_given_to_torch_leave_no_guard():
    def forward(self, x):
        n = x.shape[0]
        return paddle.expand(paddle.arange(n), [n, n]), x.tile([n, 1]), paddle.eye(n), paddle.linspace(0, 1, n)

    layer = layer_of(forward)
    traced = trace(layer, floats(3, 4))
    assert traced.guards == []
    same_as_layer(traced, layer, floats(5, 4))


def test_free_sizes_are_found():
    traced = trace(layer_of(branch), floats(3, 4))
    assert traced.program.feeds[0].shape == (-1, -1)
    assert traced.program.fetches[0].shape == (-1, -1)
    fixed = trace(layer_of(lambda self, x: x * [*range(x.shape[0])][-1]), floats(3, 4))
    assert fixed.program.feeds[0].shape == (3, -1)


def test_a_size_that_forward_itself_refuses_is_no_failure():
    def forward(self, x):
        return x.reshape([3, -1]) @ x.reshape([-1, 3])

    traced = trace(layer_of(forward), floats(3, 4))
    assert traced.program.feeds[0].shape == (3, -1)
    assert "fixed: forward fails on x[2, 2]: " in str(traced.report)
