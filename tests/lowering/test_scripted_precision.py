"""The products of a scripted graph in bfloat16: which calls are calculated in it, and what the graph gives then."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fxtraced.lowering.script import frozen_forward, function_of, quiet
from fxtraced.lowering.scripted import dtypes_of
from fxtraced.lowering.scripted_precision import LowerPrecision
from tests.helpers import floats

FLOAT32, BFLOAT16 = 6, 15


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(16, 16), torch.nn.Linear(16, 16)
        self.conv, self.norm = torch.nn.Conv2d(16, 16, 1), torch.nn.LayerNorm(16)
        self.narrow = torch.nn.Parameter(torch.randn(16, 16).bfloat16())


def in_a_row(self, x: torch.Tensor) -> torch.Tensor:
    return self.b(F.gelu(self.a(x)))


def residual_of_products(self, x: torch.Tensor) -> torch.Tensor:
    y = torch.relu(self.a(x))
    return torch.relu(self.b(y) + y).reshape(x.size(1), x.size(0), 16).mean(0)


def residual_of_a_feed(self, x: torch.Tensor) -> torch.Tensor:
    return self.norm(x + self.b(self.norm(x)))


def joined(self, x: torch.Tensor) -> torch.Tensor:
    y, z = self.a(x), self.b(x)
    return torch.cat([y, z, F.softmax(y, -1)], -1) + torch.cat([torch.tanh(y), z * 0.5, y - z], 2)


def scaled_by_whole_numbers(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x) * torch.arange(16)


def image(self, x: torch.Tensor) -> torch.Tensor:
    y = torch.relu(self.conv(x.transpose(1, 2).unsqueeze(-1)))
    y = F.max_pool2d(y, [2, 1], [2, 1])
    return F.adaptive_avg_pool2d(y, [1, 1]).flatten(1)


def attention(self, x: torch.Tensor) -> torch.Tensor:
    y = self.a(x).unsqueeze(1)
    return F.scaled_dot_product_attention(y, y, y)


def masked_attention(self, x: torch.Tensor) -> torch.Tensor:
    y = self.a(x).unsqueeze(1)
    return F.scaled_dot_product_attention(y, y, y, torch.zeros(6, 6))


def of_two_activations(self, x: torch.Tensor) -> torch.Tensor:
    return torch.matmul(F.softmax(torch.matmul(x, x.transpose(1, 2)) / 4.0, -1), x)


def guarded(self, x: torch.Tensor) -> torch.Tensor:
    y = self.a(x)
    if y.size(0) > 100 or y.dim() != 3:
        raise AssertionError("too many")
    return y


def guarded_by_its_dtype(self, x: torch.Tensor) -> torch.Tensor:
    y = self.a(x)
    if y.dtype != torch.float32:
        raise AssertionError("another dtype")
    return y


def two_results(self, x: torch.Tensor):
    y = self.a(x)
    return y, torch.relu(y), (y > 0).sum(-1)


def saved_in_bfloat16(self, x: torch.Tensor) -> torch.Tensor:
    y = torch.matmul(x.to(torch.bfloat16), self.narrow).to(torch.float32)
    y = torch.relu(y)
    return torch.matmul((y + 0.5).to(torch.bfloat16), self.narrow).to(torch.float32)


def bfloat16_of_its_own(self, x: torch.Tensor) -> torch.Tensor:
    y = torch.exp(self.a(x).to(torch.bfloat16))
    return torch.exp(y).to(torch.float32) + y.to(torch.float32)


def without_products(self, x: torch.Tensor) -> torch.Tensor:
    return torch.relu(x) + 1.0


def writing(self, x: torch.Tensor) -> torch.Tensor:
    y = self.a(x)
    y.add_(1.0)
    return y


# How many products are lowered, how many casts are left, and which operations are calculated in bfloat16.
CASES = {
    in_a_row: (2, 2, "gelu linear"),
    residual_of_products: (2, 2, "add linear relu reshape"),
    residual_of_a_feed: (1, 2, "linear"),
    # The soft-max is in float32, and what it is joined with.
    joined: (2, 4, "linear mul sub tanh cat"),
    scaled_by_whole_numbers: (1, 2, "linear"),
    image: (1, 2, "adaptive_avg_pool2d conv2d flatten max_pool2d relu"),
    attention: (2, 2, "linear scaled_dot_product_attention unsqueeze"),
    masked_attention: (1, 2, "linear unsqueeze"),
    of_two_activations: (2, 5, "div matmul"),
    guarded: (1, 2, "linear"),
    guarded_by_its_dtype: (1, 2, "linear"),
    two_results: (1, 3, "linear relu"),
    saved_in_bfloat16: (2, 2, "add matmul relu"),
    bfloat16_of_its_own: (1, 2, "add exp linear"),
    without_products: (0, 0, ""),
    writing: (0, 0, ""),
}


def graph_of(forward):
    torch.manual_seed(0)
    made = type("Made", (Net,), {"forward": forward})
    with quiet():
        return frozen_forward(torch.jit.script(made().eval())).graph


def results_of(graph, x):
    with torch.no_grad():
        results = function_of(graph)(x)
    return results if isinstance(results, tuple) else (results,)


def lowered_operations(graph, x):
    values = [(node.kind(), x) for node in graph.nodes() for x in node.outputs() if str(x.type()) == "Tensor"]
    found = dtypes_of(graph, [value for _, value in values], [x])
    kinds = (kind.partition("::")[2] for (kind, _), dtype in zip(values, found, strict=True) if dtype == BFLOAT16)
    return sorted(set(kinds) - {"to", "Constant"})


@pytest.mark.parametrize("forward", CASES, ids=lambda forward: forward.__name__)
def test_what_is_lowered(forward):
    count, casts, operations = CASES[forward]
    graph, x = graph_of(forward), floats(3, 6, 16).as_subclass(torch.Tensor)
    expected = results_of(graph, x)
    lowered = graph.copy()
    assert LowerPrecision(lowered, [x]).count == count
    assert lowered_operations(lowered, x) == sorted(operations.split())
    assert sum(node.kind() == "aten::to" for node in lowered.nodes()) == casts
    results = results_of(lowered, x)
    for result, wanted in zip(results, expected, strict=True):
        assert result.dtype is wanted.dtype
        apart = (result - wanted).abs().max() / wanted.abs().max()
        assert apart <= 2e-2
    # The graph that was copied is another one.
    assert all(map(torch.equal, results_of(graph, x), expected))


def test_other_sizes():
    graph = graph_of(residual_of_products)
    lowered = graph.copy()
    LowerPrecision(lowered, [floats(3, 6, 16).as_subclass(torch.Tensor)])
    x = floats(5, 2, 16, seed=1).as_subclass(torch.Tensor)
    (result,), (wanted,) = results_of(lowered, x), results_of(graph, x)
    assert 0 < (result - wanted).abs().max() <= 2e-2 * wanted.abs().max()
