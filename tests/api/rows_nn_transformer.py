"""Attention and transformers: masks of every kind, caches, norms before and after, attributes."""

# ruff: noqa: E501

import re

from rows import Row, Sample, boolean, calling, f32, i64, row

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
X, MEMORY = f32(2, 5, 6), f32(2, 7, 6)


def called(layer: str, call: str, **inputs: Sample) -> Row:
    """A row of a layer `n` that is called in another way than with its inputs by position."""
    return row(calling(f"paddle.nn.{layer}", re.sub(r"\bn\b", "self.n", call), **inputs), **inputs, **CLOSE)


MASKS = {
    "bool": boolean(5, 5), "bool of heads": boolean(2, 2, 5, 5), "int": i64(2, 1, 5, 5, high=2), "additive": f32(5, 5, low=-3, high=0),
    "row": i64(2, 1, 1, 5, low=1, high=2),
}  # fmt: skip

ATTENTION = [
    called("MultiHeadAttention(6, 2)", "n(x, x, x, m)", x=X, m=mask) for mask in MASKS.values()
] + [
    called("MultiHeadAttention(6, 2, need_weights=True)", "n(x, attn_mask=m)", x=X, m=mask) for mask in MASKS.values()
] + [
    called(f"MultiHeadAttention({layer})", call, x=X, k=MEMORY, v=f32(2, 7, 3))
    for layer, call in (
        ("6, 3", "n(x, k, k)"), ("6, 3, 0.5, vdim=3", "n(x, k, v)"), ("6, 1, need_weights=True, vdim=3", "n(x, k, v)"), ("6, 2, bias_attr=False", "n(x, k)"),
        ("6, 2", "n(x, k, k, cache=n.gen_cache(k, k, n.StaticCache))"),
        ("6, 2", "n(x, x, x, cache=n.gen_cache(x))"), ("6, 2", "n(x[:, 4:], x[:, 4:], x[:, 4:], None, n(x[:, :4], x[:, :4], x[:, :4], None, n.gen_cache(x))[1])"),
        ("6, 2, need_weights=True", "n(x, x, x, None, n.gen_cache(x))"), ("6, 2", "n.gen_cache(x, x)"), ("6, 2", "n.gen_cache(k, k, paddle.nn.MultiHeadAttention.StaticCache)"),
        ("6, 2", "n.compute_kv(x, k)"), ("6, 4", "n(x)"), ("6, 0", "n(x)"), ("6, 2, kdim=4", "n(x)"),
    )
]  # fmt: skip

ENCODER = [
    row(f"paddle.nn.TransformerEncoderLayer(6, 2, 8, {options})", x=X, **CLOSE)
    for options in (
        "0.5, 'gelu', 0.4, 0.3, True", "dropout=0.2, attn_dropout=0.0, act_dropout=0.1", "weight_attr=[None, None], bias_attr=False",
        "bias_attr=[False, None]", "activation='tanh'", "weight_attr=[None, None, None]",
    )
] + [
    called("TransformerEncoderLayer(6, 2, 8)", "n(x, m)", x=X, m=mask) for mask in MASKS.values()
] + [
    called("TransformerEncoderLayer(6, 2, 8, normalize_before=True)", "n(x, cache=n.gen_cache(x))", x=X),
    called("TransformerEncoder(paddle.nn.TransformerEncoderLayer(6, 2, 8), 2)", "n(x, m)", x=X, m=boolean(5, 5)),
    called("TransformerEncoder(paddle.nn.TransformerEncoderLayer(6, 2, 8), 3, paddle.nn.LayerNorm(6))", "n(x, None, n.gen_cache(x))", x=X),
    row("paddle.nn.TransformerEncoder(paddle.nn.TransformerEncoderLayer(6, 2, 8, activation='gelu', normalize_before=True), 2, norm=paddle.nn.LayerNorm(6))", x=X, m=f32(5, 5), **CLOSE),
    row("paddle.nn.TransformerEncoderLayer(6, 4, 8)", x=X),
    row("paddle.nn.TransformerEncoderLayer(6, 0, 8)", x=X),
]  # fmt: skip

DECODER = [
    row(f"paddle.nn.TransformerDecoderLayer(6, 2, 8, {options})", x=X, m=MEMORY, **CLOSE)
    for options in (
        "0.5, 'gelu', 0.4, 0.3, True", "dropout=0.2, attn_dropout=0.0, act_dropout=0.1", "weight_attr=[None, None, None], bias_attr=False",
        "bias_attr=[False, None, None]",
    )
] + [
    called("TransformerDecoderLayer(6, 2, 8)", "n(x, m, t, s)", x=X, m=MEMORY, t=mask, s=memory)
    for mask, memory in ((boolean(5, 5), boolean(5, 7)), (i64(5, 5, high=2), f32(5, 7)), (f32(2, 2, 5, 5), i64(2, 1, 5, 7, high=2)))
] + [
    called("TransformerDecoderLayer(6, 2, 8)", "n(x[:, :1], m, cache=n.gen_cache(m))", x=X, m=MEMORY),
    called("TransformerDecoder(paddle.nn.TransformerDecoderLayer(6, 2, 8), 2, paddle.nn.LayerNorm(6))", "n(x[:, :1], m, cache=n.gen_cache(m))", x=X, m=MEMORY),
    called("TransformerDecoder(paddle.nn.TransformerDecoderLayer(6, 2, 8), 2)", "n.gen_cache(m, do_zip=True)", m=MEMORY),
    called("TransformerDecoder(paddle.nn.TransformerDecoderLayer(6, 2, 8), 2)", "n(x, m, t, s)", x=X, m=MEMORY, t=boolean(5, 5), s=boolean(5, 7)),
    row("paddle.nn.TransformerDecoder(paddle.nn.TransformerDecoderLayer(6, 2, 8), 2, norm=paddle.nn.LayerNorm(6))", x=X, m=MEMORY, **CLOSE),
]  # fmt: skip

WHOLE = [
    row(f"paddle.nn.Transformer(6, 2, 1, 2, 8{options})", s=MEMORY, t=X, **CLOSE)
    for options in (
        ", 0.3, 'gelu', 0.2, 0.1, True", ", dropout=0.4, attn_dropout=0.1, act_dropout=0.2, normalize_before=True, activation='tanh'", ", bias_attr=False",
        ", weight_attr=[None], bias_attr=[None]", ", weight_attr=[None, None], bias_attr=[False, None]", ", weight_attr=[None, None, None], bias_attr=[None, None, False]",
        ", custom_decoder=paddle.nn.TransformerDecoder(paddle.nn.TransformerDecoderLayer(6, 3, 4), 1)",
    )
] + [
    called("Transformer(6, 2, 1, 1, 8)", "n(s, t, e, d, m)", s=MEMORY, t=X, e=boolean(7, 7), d=f32(5, 5), m=i64(5, 7, high=2)),
    called("Transformer(6, 2, 1, 1, 8)", "n(s, t, tgt_mask=n.generate_square_subsequent_mask(5))", s=MEMORY, t=X),
    row("paddle.nn.Transformer(6, 2, 1, 1, 8).generate_square_subsequent_mask(4)"),
    row("paddle.nn.Transformer(6, 2, 1, 2, 8, custom_encoder=paddle.nn.TransformerEncoder(paddle.nn.TransformerEncoderLayer(6, 3, 4), 1))", s=MEMORY, t=X, **CLOSE),
]  # fmt: skip

KEYS = [
    row(f"[[k, v.shape] for k, v in paddle.nn.{layer}.state_dict().items()]")
    for layer in (
        "TransformerEncoder(paddle.nn.TransformerEncoderLayer(4, 2, 8), 2, paddle.nn.LayerNorm(4))", "TransformerDecoderLayer(4, 2, 8, bias_attr=False)",
        "MultiHeadAttention(4, 2, kdim=3, vdim=5)", "TransformerDecoder(paddle.nn.TransformerDecoderLayer(4, 2, 8), 2)",
    )
] + [
    row(f"[[p, p.stop_gradient] for p in paddle.nn.MultiHeadAttention(2, 1, {given}).parameters()]")
    for given in ("weight_attr=paddle.nn.initializer.Constant(0.1), bias_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(0.3), trainable=False)",)
]  # fmt: skip

ROWS = [*ATTENTION, *ENCODER, *DECODER, *WHOLE, *KEYS]
