"""paddle.nn.utils and gradient clips: normed weights, parameter vectors, clipped gradients."""

# ruff: noqa: E501

from rows import calling, f32, row

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
FLAT, IMAGE = f32(3, 4), f32(2, 4, 5, 6)
U = "paddle.nn.utils"


def fixed(layer: str) -> str:
    """An expression of a layer whose parameters hold numbers that depend on their shapes only."""
    return f"[n := paddle.nn.{layer}, [p.set_value(paddle.cos(paddle.arange(int(np.prod(p.shape))).astype('float32') * 1.7).reshape(p.shape)) for p in n.parameters()], n][2]"


NORMED = [
    row(f"{U}.weight_norm(paddle.nn.{layer}{options})", x=x, **CLOSE)
    for layer, x in (("Linear(4, 5)", FLAT), ("Conv2D(4, 6, 3)", IMAGE), ("Conv2DTranspose(4, 6, 3)", IMAGE))
    for options in ("", ", dim=None", ", dim=1", ", name='weight', dim=-1")
] + [
    row(f"{U}.weight_norm(paddle.nn.Linear(4, 5), name='bias')", x=FLAT, **CLOSE), row(f"{U}.weight_norm(paddle.nn.Linear(4, 5), 'other')", x=FLAT),
    row(f"{U}.remove_weight_norm({U}.weight_norm(paddle.nn.Linear(4, 5)))", x=FLAT, **CLOSE), row(f"{U}.remove_weight_norm(paddle.nn.Linear(4, 5))", x=FLAT),
    row(f"{U}.remove_weight_norm({U}.weight_norm(paddle.nn.Linear(4, 5), name='bias'), name='bias')", x=FLAT, **CLOSE),
] + [
    row(f"[m := {fixed(layer)}, {call}, [[k, v] for k, v in sorted(m.state_dict().items())]][2]", **CLOSE)
    for layer in ("Linear(3, 4)", "Conv2D(2, 3, 2)")
    for call in (f"{U}.weight_norm(m)", f"{U}.weight_norm(m, dim=None)", f"{U}.weight_norm(m, 'weight', 1)", f"{U}.remove_weight_norm({U}.weight_norm(m))")
] + [
    row(f"[[k, v.shape] for k, v in {U}.spectral_norm(paddle.nn.{layer}).state_dict().items()]")
    for layer in ("Linear(3, 4)", "Conv2D(2, 3, 2)", "Conv2DTranspose(2, 3, 2)")
] + [
    # Many rounds find the largest singular value from any start.
    row(f"[m := {U}.spectral_norm({fixed(layer)}, {options}), m.train(), m(paddle.linspace(-1, 1, {count}).reshape({shape}))][2]", rtol=1e-3, atol=1e-4)
    for layer, options, count, shape in (
        ("Linear(3, 4)", "n_power_iterations=200", 6, "[2, 3]"), ("Conv2D(2, 3, 2)", "'weight', 200, 1e-8", 32, "[1, 2, 4, 4]"), ("Conv2D(2, 3, 2)", "name='weight', n_power_iterations=200, eps=1e-6, dim=1", 32, "[1, 2, 4, 4]"),
        ("Conv2DTranspose(2, 3, 2)", "n_power_iterations=200", 32, "[1, 2, 4, 4]"),
    )
] + [row(f"{U}.spectral_norm(paddle.nn.Linear(3, 4), n_power_iterations=0)")]  # fmt: skip

VECTORS = [
    row(f"{U}.parameters_to_vector({fixed('Linear(3, 4)')}.parameters())"), row(f"{U}.parameters_to_vector([paddle.ones([2, 3]), paddle.zeros([2])], name='v')"),
    row(f"[m := {fixed('Linear(3, 4)')}, {U}.vector_to_parameters(paddle.arange(16, dtype='float32'), m.parameters()), [p for p in m.parameters()]][2]"),
    row(f"[m := {fixed('Linear(3, 4)')}, {U}.vector_to_parameters(paddle.arange(16, dtype='float32'), m.parameters(), name='v'), [p for p in m.parameters()]][2]"),
]  # fmt: skip

# The gradients of a fixed layer's loss, after `call` has seen the parameters.
CLIPPED = [
    row(f"[m := {fixed('Linear(3, 4)')}, (m(paddle.linspace(-1, 1, 6).reshape([2, 3])) ** 2).sum().backward(), {call}, [p.grad for p in m.parameters()]][2:]", **CLOSE)
    for call in (
        *(f"{U}.clip_grad_norm_(m.parameters(), {arguments})" for arguments in ("1.0", "100.0", "0.5, 1.0", "0.5, norm_type=float('inf')", "max_norm=0.5, norm_type=1.0, error_if_nonfinite=True")),
        *(f"{U}.clip_grad_value_(m.parameters(), {arguments})" for arguments in ("0.5", "clip_value=2.0", "-1.0")),
        f"{U}.clip_grad_norm_(m.weight, 0.5)", f"{U}.clip_grad_value_(m.weight, 0.5)", f"{U}.clip_grad_norm_([], 0.5)",
    )
] + [
    row(f"[x := paddle.linspace(-3, 3, 6), y := paddle.linspace(1, 4, 4), p := paddle.create_parameter([6], 'float32'), q := paddle.create_parameter([4], 'float32', attr=paddle.ParamAttr({attribute})), [g for _, g in paddle.nn.{clip}([(p, x), (q, y)])]][4]")
    for clip in ("ClipGradByValue(0.7)", "ClipGradByValue(max=1.0, min=-2.0)", "ClipGradByValue(2.0, 0.5)", "ClipGradByNorm(1.5)", "ClipGradByNorm(clip_norm=100.0)", "ClipGradByGlobalNorm(1.5)", "ClipGradByGlobalNorm(clip_norm=2.0, group_name='g', auto_skip_clip=True)", "ClipGradByGlobalNorm(1e3)", "ClipGradByValue(-1.0)")
    for attribute in ("", "need_clip=False")
] + [row(f"str(paddle.nn.{clip})") for clip in ("ClipGradByValue(0.7)", "ClipGradByNorm(1.5)", "ClipGradByGlobalNorm(1.5)")]  # fmt: skip

SPECTRAL = [
    row(calling("paddle.nn.SpectralNorm([3, 4], power_iters=3)", "self.n(x)", x=FLAT), x=FLAT, **CLOSE),
]

ROWS = [*NORMED, *VECTORS, *CLIPPED, *SPECTRAL]
