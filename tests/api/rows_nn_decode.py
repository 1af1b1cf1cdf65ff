"""Beam search: what a small language model of fixed weights decodes."""

# ruff: noqa: E501

from rows import row

WAVES = "paddle.cos(paddle.arange(int(np.prod({0}.shape))).astype('float32') * {1}).reshape({0}.shape) * 1.5"


def decoded(
    result: str, beams: int, options: str = "", cell: str = "GRUCell(4, 4)", states: str = "h", embedded: bool = True
) -> object:
    """A row of what `result` is for dynamic_decode's results r, with a decoder of 7 tokens, 1 the end."""
    steps = [
        f"c := paddle.nn.{cell}", "e := paddle.nn.Embedding(7, 4)", "o := paddle.nn.Linear(4, 7)",
        f"[p.set_value({WAVES.format('p', 2.3)}) for l in (c, e, o) for p in l.parameters()]", "h := paddle.linspace(-1, 1, 12).reshape([3, 4])",
        f"d := paddle.nn.BeamSearchDecoder(c, start_token=0, end_token=1, beam_size={beams}, {'embedding_fn=e, ' if embedded else ''}output_fn=o)",
        f"r := paddle.nn.dynamic_decode(d, {states}{options})", result,
    ]  # fmt: skip
    return row(f"[{', '.join(steps)}][-1]", rtol=1e-4, atol=1e-5)


EVERYTHING = "[r[0], r[1].log_probs, r[1].finished, r[1].lengths, r[1].cell_states]"
SEARCHED = [
    *[decoded(EVERYTHING, beams, f", max_step_num={steps}") for beams in (1, 2, 4) for steps in (0, 3, 9)],
    decoded(EVERYTHING, 3, ", 4, True"), decoded(EVERYTHING, 3, ", max_step_num=5, output_time_major=False, impute_finished=True"), decoded("r[2]", 3, ", max_step_num=5, return_length=True"),
    decoded("r[0]", 2, ", max_step_num=3, is_test=True"), decoded("[r[0], r[1].cell_states]", 3, ", max_step_num=4", "LSTMCell(4, 4)", "(h, h * 0.5)"),
]  # fmt: skip

# A decoder of the user's own, which does not track what has finished: it counts down from its inits.
OWN = """[
    D := type('D', (paddle.nn.decode.Decoder,), {
        'initialize': lambda self, inits: (inits, inits * 1.0, inits[:, 0] < 0),
        'step': lambda self, time, inputs, states, **given: (inputs + states, states * 2, inputs - 1, inputs[:, 0] <= 1),
    }),
    r := paddle.nn.dynamic_decode(D(), paddle.to_tensor([[1.0], [3.0], [2.0]])%s, return_length=True),
    r,
][-1]"""
OWN = " ".join(OWN.split())
COUNTED = [
    row(OWN % options) for options in ("", ", impute_finished=True", ", 1", ", output_time_major=True, max_step_num=7")
]

OTHERS = [
    row("paddle.nn.BeamSearchDecoder.tile_beam_merge_with_batch(paddle.arange(6).reshape([2, 3]), 2)"),
    row("paddle.nn.BeamSearchDecoder.tile_beam_merge_with_batch(x=paddle.arange(12).reshape([2, 3, 2]), beam_size=3)"),
    row("paddle.nn.decode.Decoder().step(0, 1, 2)"),
]

ROWS = [*SEARCHED, *COUNTED, *OTHERS]
