"""The passes over scripted graphs: where they act, and that the graph gives what it gave."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fxtraced.lowering import scripted_passes
from fxtraced.lowering.script import frozen_forward, function_of, quiet

# What a linear call becomes, and the operation that computes it then.
KINDS = {"convolution": "aten::conv2d", "mkl": "mkl::_mkl_linear", "kernel": "fxtraced::linear"}
NOTHING = dict.fromkeys(KINDS, 0)


@pytest.fixture(autouse=True)
def of_any_size(monkeypatch):
    monkeypatch.setattr(scripted_passes, "WORTHWHILE", 1)
    always(monkeypatch, "convolution")


def always(monkeypatch, way):
    monkeypatch.setattr(scripted_passes, "fastest", lambda cases, kernel: [way for _ in cases])


def test_what_meets_in_a_script():
    def graph(lines):
        module = torch.jit.CompilationUnit("def f(x, w):\n" + "".join(f"    {x}\n" for x in lines.split("; ")))
        return module.f.graph

    part = scripted_passes.part_ways_that_meet
    assert part(graph("return torch.relu(torch.matmul(x, w)) + x")) == 0
    assert part(graph("y = torch.matmul(x, w); return torch.matmul(y, w) + y")) == 0
    assert part(graph("y = torch.matmul(x, w); return torch.cat([torch.relu(y), y])")) == 1
    assert part(graph("y = torch.matmul(x, w); return y.reshape(y.size(1), y.size(0))")) == 0
    meeting = graph("y = torch.matmul(x, w); return torch.relu(y) + y")
    assert part(meeting) == 1
    lines = [line.strip() for line in str(meeting).splitlines()]
    assert [line.partition("aten::")[2].partition("(")[0] for line in lines if "aten::" in line] == [
        "matmul",
        "alias",
        "relu",
        "add",
    ]


def test_assertions_go_with_what_only_they_need():
    def graph(text):
        return torch.jit.CompilationUnit("def f(x):\n" + text).f.graph

    drop = scripted_passes.drop_assertions
    checked = graph(
        "    assert x.dim() == 2 and x.dtype == 6, 'of rank 2'\n"
        "    size = x.size(0)\n"
        "    assert size % 2 == 0, 'even'\n"
        "    return x.reshape(size, -1)\n"
    )
    assert drop(checked) == 2
    kinds = [node.kind() for node in checked.nodes()]
    assert [kind for kind in kinds if kind.startswith("aten")] == ["aten::size", "aten::reshape"]
    assert "prim::If" not in kinds
    chosen = graph("    if x.size(0) > 2:\n        x = x + 1\n    return x\n")
    assert drop(chosen) == 0
    assert "prim::If" in [node.kind() for node in chosen.nodes()]


class Rows(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = torch.nn.Linear(8, 16), torch.nn.Linear(16, 8, bias=False)
        self.c = torch.nn.Linear(8, 16)
        # Paddle's layout: a weight whose rows do not lie side by side.
        self.a.weight.data = torch.randn(8, 16).t()


def one(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x)


def activations(self, x: torch.Tensor) -> torch.Tensor:
    return self.b(F.gelu(self.a(x))) * torch.tanh(self.b(F.relu(self.a(x))))


def residuals(self, x: torch.Tensor) -> torch.Tensor:
    y = x + self.b(torch.relu(self.a(x)))
    return y + self.b(F.silu(self.a(y)))


def two_linears_in_one_sum(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x) + self.c(x)


def one_linear_twice_in_a_sum(self, x: torch.Tensor) -> torch.Tensor:
    y = self.a(x)
    return y + y


def a_scaled_sum(self, x: torch.Tensor) -> torch.Tensor:
    return torch.add(self.a(x), self.c(x), alpha=2)


def a_number_added(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x) + 1.0


def a_row_added(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x) + torch.ones(16)


def written_into(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x).relu_()


def of_a_turned_input(self, x: torch.Tensor) -> torch.Tensor:
    return self.a(x.transpose(-2, -1).contiguous().transpose(-2, -1))


# A forward and how many of its linear calls are replaced.
FORWARDS = {
    one: 1, activations: 3, residuals: 4, two_linears_in_one_sum: 2, one_linear_twice_in_a_sum: 1, a_scaled_sum: 2,
    a_number_added: 1, a_row_added: 1, written_into: 1, of_a_turned_input: 1,
}  # fmt: skip


def replaced(forward, x):
    """The frozen graph of a forward, how many calls became what, and what it gives then and gave before."""
    module = type("Made", (Rows,), {"forward": forward})().eval()
    with quiet(), torch.no_grad():
        frozen = frozen_forward(torch.jit.script(module))
        before = frozen(x)
        graph = frozen.graph.copy()
        changed = scripted_passes.partition_linears(graph, [x])
        return graph, changed, function_of(graph)(x), before


@pytest.mark.parametrize("way", KINDS)
@pytest.mark.parametrize("size", [(6, 8), (2, 3, 8), (2, 2, 2, 8)], ids=str)
@pytest.mark.parametrize("forward", FORWARDS, ids=lambda x: x.__name__)
def test_linears_are_replaced(forward, size, way, monkeypatch, request):
    if way == "kernel":
        request.getfixturevalue("with_native")
    always(monkeypatch, way)
    torch.manual_seed(0)
    graph, changed, after, before = replaced(forward, torch.randn(size))
    assert changed == {**NOTHING, way: FORWARDS[forward]}
    kinds = [node.kind() for node in graph.nodes()]
    assert "aten::linear" not in kinds
    assert kinds.count(KINDS[way]) == FORWARDS[forward]
    assert after.shape == before.shape
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-5)


def test_the_addition_and_the_activation_are_of_images():
    graph, *_ = replaced(residuals, torch.randn(2, 3, 8))
    following = {
        use.user.kind() for node in graph.nodes() if node.kind() == "aten::conv2d" for use in node.output().uses()
    }
    assert following == {"aten::relu", "aten::silu", "aten::add"}


def test_what_is_measured(monkeypatch):
    asked = []
    monkeypatch.setattr(
        scripted_passes, "fastest", lambda cases, kernel: asked.extend(cases) or ["product" for _ in cases]
    )
    _, changed, after, before = replaced(residuals, torch.randn(2, 3, 8))
    assert asked == [(6, 16, 8, "relu"), (6, 8, 16, "add"), (6, 16, 8, "silu"), (6, 8, 16, "add")]
    assert changed == NOTHING
    assert torch.equal(after, before)


def test_nothing_without_onednn(monkeypatch):
    monkeypatch.setattr("fxtraced.passes.onednn.is_available", lambda: False)
    assert replaced(one, torch.randn(6, 8))[1] == NOTHING


def test_a_vector_and_nothing_stay():
    assert replaced(one, torch.randn(8))[1] == replaced(one, torch.randn(3, 0, 8))[1] == NOTHING
