"""Recurrent layers: directions, layouts, lengths, states, attributes, and the wrappers."""

# ruff: noqa: E501

from rows import Row, Sample, calling, f32, i64, row

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
BATCH, STEPS = f32(3, 5, 6), f32(5, 3, 6)
LENGTHS = i64(3, low=1, high=6)
NAMES = ("SimpleRNN", "LSTM", "GRU")


def called(layer: str, call: str, **inputs: Sample) -> Row:
    """A row of a layer self.n that is called in another way than with its inputs by position."""
    return row(calling(f"paddle.nn.{layer}", call, **inputs), **inputs, **CLOSE)


def state(name: str, layers: int) -> str:
    """The initial state of a layer from inputs h and c of that many slices."""
    return f"(h[:{layers}], c[:{layers}])" if name == "LSTM" else f"h[:{layers}]"


PLAIN = [
    row(f"paddle.nn.{name}(6, 4, {options})", x=x, **CLOSE)
    for name in NAMES
    for x, given in (
        (BATCH, ("3, direction='bidirectional'", "num_layers=2, direction='forward', dropout=0.4", "direction='bidirect', num_layers=2")),
        (STEPS, ("time_major=True", "2, 'bidirect', True")),
    )
    for options in given
] + [row("paddle.nn.SimpleRNN(6, 4, 2, 'bidirect', False, 0.0, 'relu')", x=BATCH, **CLOSE)]  # fmt: skip

WITH_STATES = [
    called(f"{name}(6, 4, {options})", f"self.n(x, {given})", x=x, h=f32(4, 3, 4), c=f32(4, 3, 4), l=LENGTHS)
    for name in NAMES
    for options, x, given in (
        ("2", BATCH, state(name, 2)), ("2, 'bidirect'", BATCH, state(name, 4)), ("direction='bidirect', time_major=True", STEPS, state(name, 2)),
        ("1", BATCH, "sequence_length=l"), ("2, 'bidirect'", BATCH, f"{state(name, 4)}, l"), ("2, 'bidirect', True", STEPS, f"{state(name, 4)}, l"),
        ("1", BATCH, f"{state(name, 1)}, sequence_length=l.astype('int32')"),
    )
]  # fmt: skip

CELLS = [
    row(f"paddle.nn.{name}Cell(6, 4{options})", x=f32(3, 6), **CLOSE)
    for name in NAMES
    for options in (", bias_ih_attr=False", ", bias_hh_attr=False", ", weight_ih_attr=False, weight_hh_attr=False")
] + [
    row("paddle.nn.SimpleRNNCell(6, 4, 'relu')", x=f32(3, 6), h=f32(3, 4), **CLOSE),
    row("paddle.nn.SimpleRNNCell(6, 4, 'other')", x=f32(3, 6)),
    row("paddle.nn.SimpleRNN(6, 4, activation='other')", x=BATCH),
    row("paddle.nn.LSTM(6, 4, direction='other')", x=BATCH),
    row("paddle.nn.LSTM(6, 4)", x=f32(3, 5, 7)),
    called("GRU(6, 4, 2)", "[self.n.flatten_parameters(), self.n(x)][1]", x=BATCH),
    row("paddle.nn.GRUCell(6, 0)", x=f32(3, 6)),
    called("LSTMCell(6, 4)", "self.n(x, (h, h * 2))", x=f32(3, 6), h=f32(3, 4)),
    *[row(f"paddle.nn.{name}Cell(6, 4).state_shape") for name in NAMES],
    *[called(f"{name}Cell(6, 4)", f"self.n.get_initial_states(x, {options})", x=f32(3, 6)) for name in NAMES
      for options in ("init_value=0.5", "shape=[7]", "shape=([2], [3, 4]), init_value=1.0", "batch_dim_idx=1", "dtype='float64'")],
]  # fmt: skip

WRAPPED = [
    called(f"RNN(paddle.nn.{name}Cell(6, 4){options})", f"self.n(x, {'(h, h * 2)' if name == 'LSTM' else 'h'})", x=x, h=f32(3, 4))
    for name in NAMES
    for options, x in ((", is_reverse=True", BATCH), (", True, True", STEPS), (", time_major=True", STEPS))
] + [
    called(f"BiRNN(paddle.nn.{name}Cell(6, 4), paddle.nn.{name}Cell(6, 4){options})", f"self.n(x, {'((h, h * 2), (h, h))' if name == 'LSTM' else '(h, h)'})", x=x, h=f32(3, 4))
    for name in NAMES
    for options, x in ((", time_major=True", STEPS), ("", BATCH))
] + [
    row("paddle.nn.BiRNN(paddle.nn.LSTMCell(6, 4), paddle.nn.LSTMCell(5, 4))", x=BATCH),
] + [
    called(wrapper, f"self.n(x, {given})", x=BATCH, h=f32(3, 4), l=LENGTHS)
    for wrapper, given in (
        ("RNN(paddle.nn.GRUCell(6, 4))", "h, l"), ("RNN(paddle.nn.LSTMCell(6, 4), True)", "(h, h * 2), l"),
        ("RNN(paddle.nn.SimpleRNNCell(6, 4), True)", "sequence_length=l"),
        ("BiRNN(paddle.nn.GRUCell(6, 4), paddle.nn.GRUCell(6, 4))", "(h, h * 2), sequence_length=l"),
    )
]  # fmt: skip

# A cell of the user's own: its state is a list, its output not its state.
OWN = """[
    C := type('C', (paddle.nn.RNNCellBase,), {
        'state_shape': property(lambda self: ((4,), (4,))),
        'forward': lambda self, x, s: (s[0] - x[:, :4], (s[0] + x[:, :4], s[1] * 0.5 + s[0])),
    }),
    paddle.nn.RNN(C(), is_reverse=%s)(x, (x[:, 0, :4], x[:, 1, :4]), l),
][1]"""
OWN = " ".join(OWN.split())

OWN_CELLS = [row(OWN % reverse, x=BATCH, l=LENGTHS) for reverse in (False, True)]

ATTRIBUTES = [
    row(f"[[p, p.stop_gradient] for p in paddle.nn.{name}(2, 3, {given}).parameters()]")
    for name in ("SimpleRNN", "LSTM", "GRU", "SimpleRNNCell", "LSTMCell", "GRUCell")
    for given in (
        "weight_ih_attr=paddle.nn.initializer.Constant(0.1), weight_hh_attr=paddle.nn.initializer.Constant(0.2), "
        "bias_ih_attr=paddle.nn.initializer.Constant(0.3), bias_hh_attr=paddle.nn.initializer.Constant(0.4)",
    )
]

KEYS = [
    row(f"[[k, v.shape] for k, v in paddle.nn.{layer}.state_dict().items()]")
    for layer in (
        "SimpleRNN(3, 4)", "LSTM(3, 4)", "GRU(3, 4, 2, 'bidirectional')", "SimpleRNN(3, 4, 2)", "RNN(paddle.nn.GRUCell(3, 4))", "LSTMCell(3, 4)",
        "GRU(3, 4, bias_ih_attr=False, bias_hh_attr=False)", "LSTMCell(3, 4, bias_ih_attr=False, bias_hh_attr=False)",
    )
] + [
    row(f"[[k, v.shape] for k, v in paddle.nn.{layer}.named_parameters()]") for layer in ("LSTM(3, 4)", "GRU(3, 4, 2, 'bidirect')")
] + [row(f"repr(paddle.nn.{layer})") for layer in (
    "LSTM(3, 4)", "GRU(3, 4, 2, dropout=0.1, time_major=True)", "SimpleRNN(3, 4)", "LSTMCell(3, 4)", "SimpleRNNCell(3, 4, 'relu')", "GRUCell(3, 4)", "RNN(paddle.nn.GRUCell(3, 4))")]  # fmt: skip

ROWS = [*PLAIN, *WITH_STATES, *CELLS, *WRAPPED, *OWN_CELLS, *ATTRIBUTES, *KEYS]
