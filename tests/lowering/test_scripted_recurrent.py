"""pack_recurrent over scripted graphs: where it acts, and that the graph gives what it gave."""

from __future__ import annotations

import pytest
import torch

from fxtraced.lowering.script import frozen_forward, function_of, quiet
from fxtraced.lowering.scripted_recurrent import pack_recurrent
from fxtraced.passes.onednn import calculates_bfloat16, is_available

pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


class Recurrent(torch.nn.Module):
    """A network of torch that gives all steps and the states after them, doubled."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, (h, c) = self.network(x)
        return y * 2, h * 2, c * 2


class FromStates(Recurrent):
    """The same from a state that the caller gives."""

    def forward(self, x: torch.Tensor, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        y, (h, c) = self.network(x, (state, -state))
        return y, h, c


def packed(module, *feeds, dtype=torch.float32):
    """How many LSTMs were packed, and what the graph gives then and gave before."""
    with quiet(), torch.no_grad():
        frozen = frozen_forward(torch.jit.script(module.eval()))
        before = frozen(*feeds)
        graph = frozen.graph.copy()
        count = pack_recurrent(graph, feeds, dtype)
        assert ("mkldnn_rnn_layer" in str(graph)) == (count > 0)
        return count, function_of(graph)(*feeds), before


@pytest.mark.parametrize("batch_first", [False, True])
@pytest.mark.parametrize("bidirectional", [False, True])
@pytest.mark.parametrize("layers", [1, 3])
def test_an_lstm(layers, bidirectional, batch_first):
    torch.manual_seed(0)
    network = torch.nn.LSTM(12, 8, layers, bidirectional=bidirectional, batch_first=batch_first)
    x, state = torch.randn(7, 5, 12), torch.randn(layers * (2 if bidirectional else 1), 7 if batch_first else 5, 8)
    for module, feeds in ((Recurrent(network), [x]), (FromStates(network), [x, state])):
        count, after, before = packed(module, *feeds)
        assert count == 1
        for one, other in zip(after, before, strict=True):
            assert one.shape == other.shape
            torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(not calculates_bfloat16(), reason="this CPU has no bfloat16")
@pytest.mark.parametrize("batch_first", [False, True])
def test_in_bfloat16(batch_first):
    torch.manual_seed(0)
    network = torch.nn.LSTM(12, 8, 2, bidirectional=True, batch_first=batch_first)
    x, state = torch.randn(7, 5, 12), torch.randn(4, 7 if batch_first else 5, 8)
    for module, feeds in ((Recurrent(network), [x]), (FromStates(network), [x, state])):
        count, after, before = packed(module, *feeds, dtype=torch.bfloat16)
        assert count == 1
        for one, other in zip(after, before, strict=True):
            assert (one.shape, one.dtype) == (other.shape, torch.float32)
            assert 1e-5 < (one - other).abs().max() / other.abs().max() < 2e-2


def test_two_in_a_row():
    torch.manual_seed(0)

    class Two(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = torch.nn.LSTM(12, 8), torch.nn.LSTM(8, 6, bidirectional=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.b(torch.relu(self.a(x)[0]))[0]

    count, after, before = packed(Two(), torch.randn(4, 2, 12))
    assert count == 2
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-6)


class Plain(torch.nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network(x)[0]


STAYS = {
    "a GRU": (lambda: torch.nn.GRU(12, 8), torch.float32, (4, 2, 12)),
    "without biases": (lambda: torch.nn.LSTM(12, 8, bias=False), torch.float32, (4, 2, 12)),
    "with projections": (lambda: torch.nn.LSTM(12, 8, proj_size=4), torch.float32, (4, 2, 12)),
    "of float64": (lambda: torch.nn.LSTM(12, 8), torch.float64, (4, 2, 12)),
    "of no texts": (lambda: torch.nn.LSTM(12, 8), torch.float32, (4, 0, 12)),
}


# torch says so of every call.
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("name", STAYS)
def test_what_stays(name):
    make, dtype, size = STAYS[name]
    count, after, before = packed(Plain(make().to(dtype)), torch.randn(size, dtype=dtype))
    assert count == 0
    torch.testing.assert_close(after, before, rtol=0, atol=0)


def test_nothing_without_onednn(monkeypatch):
    monkeypatch.setattr("fxtraced.passes.onednn.is_available", lambda: False)
    assert packed(Plain(torch.nn.LSTM(12, 8)), torch.randn(4, 2, 12))[0] == 0
