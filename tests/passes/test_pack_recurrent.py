"""pack_recurrent: which recurrent networks go to oneDNN, and what they compute."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.passes.onednn import is_available
from tests.helpers import floats, trace

nn = paddle.nn
pytestmark = pytest.mark.skipif(not is_available(), reason="oneDNN is not for this torch or CPU")


class Recurrent(nn.Layer):
    """All results of a recurrent network, with initial states or without."""

    def __init__(self, kind=nn.LSTM, states=False, **options):
        super().__init__()
        self.rnn = kind(12, 20, **options)
        self.states = states

    def forward(self, x):
        layers = self.rnn.num_layers * self.rnn.num_directions
        batch = x.shape[1 if self.rnn.time_major else 0]
        start = [paddle.ones([layers, batch, 20]) * (0.1 * i) for i in (1, 2)] if self.states else None
        outputs, (hidden, cell) = self.rnn(x, start)
        return outputs, hidden, cell


class Last(Recurrent):
    """Only the last hidden state is read."""

    def forward(self, x):
        return super().forward(x)[1][-1]


SIZES = [(3, 7, 12), (1, 20, 12), (5, 1, 12), (8, 3, 12)]
PACKED = {
    "one layer": {},
    "three layers": {"num_layers": 3},
    "both directions": {"direction": "bidirectional"},
    "two layers, both directions": {"num_layers": 2, "direction": "bidirectional"},
    "time first": {"num_layers": 2, "time_major": True},
    "states": {"states": True, "num_layers": 2, "direction": "bidirectional"},
    "dropout outside of training": {"num_layers": 2, "dropout": 0.5},
}


@pytest.mark.parametrize("kind", [Recurrent, Last])
@pytest.mark.parametrize("name", PACKED)
def test_an_lstm_is_packed(name, kind):
    layer = kind(**PACKED[name])
    layer.eval()
    traced = trace(layer, floats(*SIZES[0]))
    for seed, size in enumerate(SIZES):
        x = floats(*size, seed=seed)
        wanted = layer(x)
        for got, tensor in zip(traced([x]), wanted if isinstance(wanted, tuple) else [wanted], strict=True):
            np.testing.assert_allclose(got, tensor.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert traced.program.pass_report["pack_recurrent"] == 1


def test_a_new_weight_shows():
    layer = Recurrent(num_layers=2)
    layer.eval()
    x = floats(*SIZES[0])
    traced = trace(layer, x)
    before = traced([x])[0]
    for weight in layer.parameters():
        weight.set_value(weight * 1.5)
    after = traced([x])[0]
    np.testing.assert_allclose(after, layer(x)[0].detach().numpy(), rtol=1e-5, atol=1e-6)
    assert np.abs(after - before).max() > 1e-3


class Lengths(Recurrent):
    def forward(self, x):
        return self.rnn(x, sequence_length=paddle.to_tensor([2, 5, 7]))[0]


class Gru(nn.Layer):
    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(12, 20)

    def forward(self, x):
        return self.rnn(x)[0]


STAYS = {"a GRU": (Gru, False), "several lengths": (Lengths, False), "training": (Recurrent, True)}


@pytest.mark.parametrize("name", STAYS)
def test_others_stay(name):
    make, training = STAYS[name]
    layer = make()
    layer.train() if training else layer.eval()
    x = floats(3, 7, 12)
    traced = trace(layer, x)
    wanted = layer(x)
    wanted = wanted[0] if isinstance(wanted, tuple) else wanted
    np.testing.assert_allclose(traced([x])[0], wanted.detach().numpy(), rtol=1e-5, atol=1e-6)
    assert traced.program.pass_report["pack_recurrent"] == 0


class WithLengths(nn.Layer):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(12, 20)

    def forward(self, x, lengths=None):
        return self.rnn(x, sequence_length=lengths)[0]


# One layer of 12 inputs and 20 places, one direction: a row is multiplied with 12 * 20 + 20 * 20 weights for each gate.
@pytest.mark.parametrize(("kind", "gates"), [(nn.SimpleRNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
@pytest.mark.parametrize(("lengths", "rows"), [(None, 15), ([2, 5, 1], 8)])
def test_archives_tell_their_multiplications(kind, gates, lengths, rows, tmp_path):
    """By them a predictor knows whether it is worth its while to compile them."""
    inputs = [floats(3, 5, 12)] if lengths is None else [floats(3, 5, 12), paddle.to_tensor(lengths)]
    layer = WithLengths(kind)
    layer.eval()
    trace(layer, *inputs).save_inference_model(str(tmp_path))
    program, _, _ = paddle.static.load_inference_model(str(tmp_path))
    assert program.manifest["multiplications"] == rows * gates * (12 * 20 + 20 * 20)
