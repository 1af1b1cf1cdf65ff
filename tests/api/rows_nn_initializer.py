"""paddle.nn.initializer: what is no chance exactly, what is chance by bounds, spread and structure."""

# ruff: noqa: E501

from rows import row

WHERE = "paddle.nn.initializer"


def made(initializer: str, shape: str, what: str = "p", layer: str = "paddle.create_parameter") -> str:
    """An expression of a parameter `p` of this shape, filled by the initializer."""
    return f"[p := {layer}({shape}, 'float32', attr=paddle.ParamAttr(initializer={WHERE}.{initializer})), {what}][1]"


EXACT = [
    row(made(initializer, shape))
    for initializer, shape in (
        ("Constant()", "[2, 3]"), ("Constant(0.3)", "[2]"), ("Constant(value=-2)", "[3]"), ("Assign([[1, 2], [3, 4]])", "[2, 2]"), ("Assign(np.arange(6).reshape(2, 3))", "[2, 3]"),
        ("Assign(paddle.arange(4, dtype='float32'))", "[4]"), ("Assign(value=[1.5, 2.5])", "[2]"), ("Assign((1, 2))", "[2]"), ("Dirac()", "[3, 2, 5]"), ("Dirac(2)", "[4, 2, 3, 3]"),
        ("Dirac(groups=2)", "[6, 2, 3, 2, 3]"), ("Dirac()", "[2, 3]"), ("Dirac(3)", "[4, 2, 3]"), ("Dirac(0)", "[4, 2, 3]"), ("Bilinear()", "[2, 2, 3, 3]"), ("Bilinear()", "[1, 1, 4, 4]"), ("Bilinear()", "[1, 1, 3, 4]"),
        ("Orthogonal()", "[3]"), ("Uniform(1.0, 0.0)", "[3]"),
    )
] + [
    row(f"{WHERE}.calculate_gain({arguments})")
    for arguments in (
        *(f"'{name}'" for name in ("sigmoid", "linear", "conv1d", "conv2d", "conv3d", "conv1d_transpose", "conv2d_transpose", "conv3d_transpose", "tanh", "relu", "leaky_relu", "selu", "other")),
        "'leaky_relu', 0.3", "'leaky_relu', param=1", "nonlinearity='relu', param=3",
    )
] + [
    row(made(f"Orthogonal({gain})", shape, f"(p.reshape([p.shape[0], -1]) @ p.reshape([p.shape[0], -1]).t()) / {scale}"), rtol=1e-4, atol=1e-5)
    for gain, scale, shape in (("", 1, "[3, 5]"), ("0.5", 0.25, "[4, 4]"), ("gain=2.0", 4, "[2, 3, 3]"))
]  # fmt: skip

# Over many values: mean, spread, least and greatest, within two percent.
STATISTICS = "[p.mean(), p.std(), p.min(), p.max()]"
BOUNDED = [
    row(made(initializer, shape, STATISTICS), rtol=0.02, atol=0.01 * unit)
    for initializer, shape, unit in (
        ("Uniform()", "[400, 500]", 1), ("Uniform(-0.5, 2.5)", "[400, 500]", 1), ("Uniform(low=3.0, high=4.0)", "[400, 500]", 1),
        ("TruncatedNormal()", "[800, 500]", 1), ("TruncatedNormal(1.0, 2.0)", "[800, 500]", 1), ("TruncatedNormal(mean=-1.0, std=0.5)", "[800, 500]", 1),
        ("XavierUniform()", "[300, 700]", 0.1), ("XavierUniform(100)", "[300, 700]", 0.1), ("XavierUniform(fan_out=50)", "[300, 700]", 0.1), ("XavierUniform(100, 50)", "[20, 30, 15, 15]", 0.1),
        ("XavierUniform()", "[20, 30, 15, 15]", 0.1), ("KaimingUniform()", "[300, 700]", 0.1), ("KaimingUniform(100)", "[300, 700]", 0.1), ("KaimingUniform(fan_in=50, negative_slope=0.5)", "[300, 700]", 0.1),
        ("KaimingUniform(nonlinearity='tanh')", "[20, 30, 15, 15]", 0.1), ("KaimingUniform(negative_slope=1.0, nonlinearity='leaky_relu')", "[300, 700]", 0.1), ("KaimingUniform(None, 0.5, 'relu')", "[300, 700]", 0.1),
    )
]  # fmt: skip
UNBOUNDED = [
    row(made(initializer, shape, "[p.mean(), p.std()]"), rtol=0.02, atol=0.01 * unit)
    for initializer, shape, unit in (
        ("Normal()", "[400, 500]", 1), ("Normal(2.0, 3.0)", "[800, 500]", 1), ("Normal(mean=-1.0, std=0.5)", "[400, 500]", 1), ("XavierNormal()", "[300, 700]", 0.1), ("XavierNormal(100)", "[300, 700]", 0.1),
        ("XavierNormal(100, 50)", "[20, 30, 15, 15]", 0.1), ("XavierNormal(fan_out=50)", "[300, 700]", 0.1), ("KaimingNormal()", "[20, 30, 15, 15]", 0.1), ("KaimingNormal(100)", "[300, 700]", 0.1),
        ("KaimingNormal(fan_in=50, negative_slope=0.5, nonlinearity='leaky_relu')", "[300, 700]", 0.1), ("KaimingNormal(nonlinearity='selu')", "[300, 700]", 0.1),
    )
]  # fmt: skip

GLOBAL = [
    row(f"[{WHERE}.set_global_initializer({given}), n := {layer}, {WHERE}.set_global_initializer(None), [p for p in n.parameters()]][3]")
    for given in (f"{WHERE}.Constant(0.3), {WHERE}.Constant(0.7)", f"{WHERE}.Constant(0.3)", f"weight_init={WHERE}.Constant(0.3), bias_init={WHERE}.Constant(0.1)")
    for layer in ("paddle.nn.Linear(2, 3)", "paddle.nn.Conv2D(2, 3, 1)", f"paddle.nn.Linear(2, 3, weight_attr={WHERE}.Constant(0.9), bias_attr=paddle.ParamAttr(initializer={WHERE}.Constant(0.8)))")
]  # fmt: skip

ROWS = [*EXACT, *BOUNDED, *UNBOUNDED, *GLOBAL]
