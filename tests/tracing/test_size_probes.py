"""What verification finds out about each dimension of the inputs."""

from __future__ import annotations

import pytest

import fxtraced as paddle
from fxtraced.tracing.probes import other_sizes, ties
from tests.helpers import floats, ints, layer_of, linear, trace


def square(self, x):
    if x.shape[2] != x.shape[3]:
        raise ValueError("a square image is wanted")
    return x.mean([2, 3])


def divisible(self, x):
    if x.shape[1] % 7 == 0:
        return x + 1
    return x


def inner_guard(self, x):
    y = self.conv(x)
    return y.sum() if y.shape[2] % 5 == 0 else y


def with_conv(self):
    self.conv = paddle.nn.Conv2D(3, 2, 3)


def attention(self, x, mask):
    return paddle.matmul(x, x, transpose_y=True) + mask


# forward, setup, inputs, and for each dimension that is not fixed what the report says.
FINDINGS = {
    "batch": (lambda self, x: self.fc(x), linear, [floats(5, 4)], {"x.shape[0]": "free: works at 2"}),
    "every size": (
        lambda self, x: x + 1,
        None,
        [floats(1, 8)],
        {"x.shape[0]": "free: works at 2", "x.shape[1]": "free: works at 4"},
    ),
    "two images of one size": (
        lambda self, x: self.conv(x),
        with_conv,
        [floats(1, 3, 64, 64)],
        {"x.shape[0]": "free: works at 2", "x.shape[2]": "free: works at 16", "x.shape[3]": "free: works at 32"},
    ),
    "tied leading sizes": (
        lambda self, x, y: x * y,
        None,
        [floats(4, 1), floats(4, 1)],
        {
            "x.shape[0]": "free: works at 2 together with y.shape[0]",
            "x.shape[1]": "free: works at 3",
            "y.shape[0]": "free: works at 2 together with x.shape[0]",
            "y.shape[1]": "fixed: forward fails on x[2, 3], y[2, 2]: ",
        },
    ),
    "tied to two dimensions": (
        attention,
        None,
        [floats(2, 8, 4), floats(2, 8, 8)],
        {
            "x.shape[0]": "free: works at 4 together with mask.shape[0]",
            "x.shape[1]": "free: works at 2 together with mask.shape[1], mask.shape[2]",
            "x.shape[2]": "free: works at 3",
            "mask.shape[0]": "free: works at 4 together with x.shape[0]",
            "mask.shape[1]": "free: works at 2 together with x.shape[1], mask.shape[2]",
            "mask.shape[2]": "free: works at 2 together with x.shape[1], mask.shape[1]",
        },
    ),
    "tied within a feed": (
        square,
        None,
        [floats(1, 3, 64, 64)],
        {
            "x.shape[0]": "free: works at 2",
            "x.shape[1]": "free: works at 2",
            "x.shape[2]": "guarded: works at 16 together with x.shape[3]; x.shape[2] == x.shape[3]",
            "x.shape[3]": "guarded: works at 16 together with x.shape[2]; x.shape[2] == x.shape[3]",
        },
    ),
    "a guard that leaves sizes": (
        divisible,
        None,
        [floats(1, 56)],
        {"x.shape[0]": "free: works at 2", "x.shape[1]": "guarded: works at 28; x.shape[1] % 7 == 0"},
    ),
    "a guard that leaves none": (
        lambda self, x: x * [*range(x.shape[0])][-1],
        None,
        [floats(3, 4)],
        {"x.shape[0]": "guarded: x.shape[0] == 3", "x.shape[1]": "free: works at 2"},
    ),
    "a guard inside": (
        inner_guard,
        with_conv,
        [floats(1, 3, 7, 7)],
        {"x.shape[0]": "free: works at 2", "x.shape[3]": "free: works at 4"},
    ),
    "no size to change": (lambda self, x: x + 1, None, [floats(0)], {"x.shape[0]": "untested"}),
}


@pytest.mark.parametrize("name", FINDINGS)
def test_findings(name):
    forward, setup, inputs, expected = FINDINGS[name]
    report = trace(layer_of(forward, setup), *inputs).report
    found = {finding.name: str(finding) for finding in report.sizes}
    for dim, text in expected.items():
        assert found[dim].startswith(text), (dim, found[dim])
    fixed = {dim: text for dim, text in found.items() if dim not in expected}
    assert all(text.startswith(("fixed: forward fails on ", "guarded: ")) for text in fixed.values()), fixed


def test_the_findings_are_values_too():
    report = trace(layer_of(lambda self, x, ids: self.fc(x)[ids], linear), floats(5, 4), ints(5)).report
    assert [(found.feed, found.dim, found.size, found.verdict, found.tried) for found in report.sizes] == [
        ("x", 0, 5, "free", (6,)),
        ("x", 1, 4, "fixed", ()),
        ("ids", 0, 5, "free", (2,)),
    ]
    assert report.sizes[1].why.startswith("forward fails on x[")


def test_a_guard_inside_stops_one_probe_and_is_named():
    traced = trace(layer_of(inner_guard, with_conv), floats(1, 3, 7, 7))
    height = next(found for found in traced.report.sizes if found.name == "x.shape[2]")
    (guard,) = traced.guards
    assert height.verdict == "guarded"
    assert height.why == guard.text
    assert [probe.name for probe in traced.report.probes][2:] == ["x.shape[0] = 2", "x.shape[3] = 4"]
    assert traced.program.feeds[0].shape == (-1, 3, 7, -1)


def test_thorough_probes_each_dimension_at_two_sizes():
    traced = trace(layer_of(lambda self, x, ids: self.fc(x)[ids], linear), floats(5, 4), ints(6), verify="thorough")
    assert [probe.name for probe in traced.report.probes] == [
        "the given inputs", "fresh values",
        "ids.shape[0] = 2", "ids.shape[0] = 7", "x.shape[0] = 6",
    ]  # fmt: skip
    assert [found.tried for found in traced.report.sizes] == [(6,), (), (2, 7)]


def test_one_tensor_given_twice_stays_one():
    def forward(self, query, key):
        return query * 2 if query is key else query + key

    x = floats(4, 3)
    report = trace(layer_of(forward), x, x).report
    assert [found.verdict for found in report.sizes] == ["free"] * 4
    assert report.sizes[0].tied == ("key.shape[0]",)


def test_sizes_that_the_graph_has_baked_in_are_caught():
    def peeking(self, x):
        # A look that the tracer cannot see.
        return x * (x.example if hasattr(x, "example") else x).shape[0]

    with pytest.raises(paddle.errors.VerificationError, match="differ on other sizes: fetch_0: largest absolute"):
        trace(layer_of(peeking), floats(5, 4))


@pytest.mark.parametrize(
    ("size", "first"),
    [(1, [2, 3]), (2, [3, 4]), (3, [2, 4]), (4, [2, 3]), (5, [2, 3]), (7, [2, 3]), (8, [2, 4]), (56, [16, 24]),
     (64, [16, 32]), (100, [32, 44]), (224, [64, 96]), (256, [64, 128]), (768, [224, 352])],
)  # fmt: skip
def test_other_sizes(size, first):
    sizes = other_sizes(size)
    assert sizes[:2] == first
    assert not {0, 1, size} & set(sizes)
    assert any(other > size for other in sizes)


def test_ties():
    x, mask = floats(4, 8, 4), floats(4, 8, 8)
    alone = frozenset({(0, 0)})
    assert ties((0, 0), [x, mask]) == [alone, alone | {(1, 0)}, alone | {(0, 2), (1, 0)}]
    assert ties((0, 1), [x, mask])[1:] == [frozenset({(0, 1), (1, 1)}), frozenset({(0, 1), (1, 1), (1, 2)})]
    assert ties((0, 1), [x, x])[0] == {(0, 1), (1, 1)}
