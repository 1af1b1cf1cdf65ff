"""The passes over scripted graphs: where they act, and that the graph gives what it gave."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from fxtraced.lowering import scripted_passes
from fxtraced.lowering.script import frozen_forward, function_of, quiet


@pytest.fixture(autouse=True)
def whether_faster_or_not(monkeypatch):
    monkeypatch.setattr(scripted_passes, "WORTHWHILE", 1)
    monkeypatch.setattr(scripted_passes, "is_faster", lambda *sizes: True)


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


# A forward and how many of its linear calls are convolved.
FORWARDS = {
    one: 1, activations: 3, residuals: 4, two_linears_in_one_sum: 2, one_linear_twice_in_a_sum: 1, a_scaled_sum: 2,
    a_number_added: 1, a_row_added: 1, written_into: 1, of_a_turned_input: 1,
}  # fmt: skip


def convolved(forward, x):
    """The frozen graph of a forward, how often it was changed, and what it gives then and gave before."""
    module = type("Made", (Rows,), {"forward": forward})().eval()
    with quiet(), torch.no_grad():
        frozen = frozen_forward(torch.jit.script(module))
        before = frozen(x)
        graph = frozen.graph.copy()
        changed = scripted_passes.convolve_linears(graph, [x])
        return graph, changed, function_of(graph)(x), before


@pytest.mark.parametrize("size", [(6, 8), (2, 3, 8), (2, 2, 2, 8)], ids=str)
@pytest.mark.parametrize("forward", FORWARDS, ids=lambda x: x.__name__)
def test_linears_are_convolved(forward, size):
    torch.manual_seed(0)
    graph, changed, after, before = convolved(forward, torch.randn(size))
    assert changed == FORWARDS[forward]
    kinds = [node.kind() for node in graph.nodes()]
    assert "aten::linear" not in kinds
    assert kinds.count("aten::conv2d") == changed
    assert after.shape == before.shape
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-5)


def test_the_addition_and_the_activation_are_of_images():
    graph, *_ = convolved(residuals, torch.randn(2, 3, 8))
    following = {
        use.user.kind() for node in graph.nodes() if node.kind() == "aten::conv2d" for use in node.output().uses()
    }
    assert following == {"aten::relu", "aten::silu", "aten::add"}


def test_nothing_without_onednn(monkeypatch):
    monkeypatch.setattr("fxtraced.passes.onednn.is_available", lambda: False)
    assert convolved(one, torch.randn(6, 8))[1] == 0


def test_a_vector_nothing_and_what_is_not_faster_stay(monkeypatch):
    assert convolved(one, torch.randn(8))[1] == convolved(one, torch.randn(3, 0, 8))[1] == 0
    monkeypatch.setattr(scripted_passes, "is_faster", lambda *sizes: False)
    assert convolved(one, torch.randn(6, 8))[1] == 0
