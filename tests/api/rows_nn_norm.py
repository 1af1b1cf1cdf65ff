"""Normalisations: momentum, statistics, layouts, attributes, odd sizes."""

# ruff: noqa: E501

from rows import f32, f64, row

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
FLAT, LINE, LINE_LAST = f32(5, 3), f32(2, 3, 7), f32(2, 7, 3)
IMAGE, LAST = f32(2, 4, 3, 5), f32(2, 3, 5, 4)
VOLUME, VOLUME_LAST = f32(2, 2, 3, 4, 5), f32(2, 3, 4, 5, 2)

# Evaluated as it is and while training; `[layer(x), state]` gives the moved statistics too.
BATCH = [
    row(f"paddle.nn.{call}", x=x, train=train, **CLOSE)
    for x, calls in (
        (FLAT, ("BatchNorm1D(3)", "BatchNorm1D(3, momentum=0.3, epsilon=1e-2)", "BatchNorm1D(3, use_global_stats=True)",
                "BatchNorm1D(3, use_global_stats=False)", "BatchNorm(3, act='sigmoid', momentum=0.2)")),
        (LINE, ("BatchNorm1D(3, 0.5)", "BatchNorm1D(3, weight_attr=False)", "BatchNorm1D(3, bias_attr=False)")),
        (LINE_LAST, ("BatchNorm1D(3, data_format='NLC')",)),
        (IMAGE, ("BatchNorm2D(4, momentum=0.3, epsilon=1e-2)", "BatchNorm2D(4, use_global_stats=True)", "BatchNorm2D(4, use_global_stats=False)",
                 "BatchNorm2D(4, bias_attr=False)", "BatchNorm(4, act='leaky_relu', epsilon=0.1)", "BatchNorm(4, is_test=True)",
                 "BatchNorm(4, trainable_statistics=True)", "BatchNorm(4, in_place=True)", "BatchNorm(4, use_global_stats=True)",
                 "BatchNorm(4, do_model_average_for_mean_and_var=False)", "BatchNorm(4, act='hard_swish')", "BatchNorm(4, act='hard_sigmoid')", "BatchNorm(4, act='other')")),
        (LAST, ("BatchNorm2D(4, 0.3, 1e-3, data_format='NHWC')", "BatchNorm(4, data_layout='NHWC')")),
        (VOLUME, ("BatchNorm3D(2, momentum=0.3, epsilon=1e-2)", "BatchNorm3D(2, use_global_stats=True)", "BatchNorm3D(2, weight_attr=False, bias_attr=False)")),
        (VOLUME_LAST, ("BatchNorm3D(2, data_format='NDHWC')",)),
        (f64(5, 3), ("BatchNorm(3, dtype='float64')",)),
    )
    for call in calls
    for train in (False, True)
]  # fmt: skip

MOVED = [
    row(f"[x := {x}, n := paddle.nn.{call}, n(x), n(x * 2 + 1), n._mean, n._variance][2:]", **CLOSE)
    for x, calls in (
        ("paddle.linspace(-1, 1, 15).reshape([5, 3]).exp()", ("BatchNorm1D(3)", "BatchNorm1D(3, momentum=0.3)", "BatchNorm1D(3, use_global_stats=True)", "BatchNorm(3, momentum=0.0)", "BatchNorm1D(3, momentum=1.0)")),
        ("paddle.linspace(-1, 1, 120).reshape([2, 4, 3, 5]).exp()", ("BatchNorm2D(4, 0.7)", "BatchNorm(4, use_global_stats=True)", "BatchNorm(4, is_test=True)")),
        ("paddle.linspace(-1, 1, 120).reshape([2, 3, 5, 4]).exp()", ("BatchNorm2D(4, 0.7, data_format='NHWC')",)),
    )
    for call in calls
]  # fmt: skip

INSTANCE = [
    row(f"paddle.nn.{call}", x=x, **CLOSE)
    for x, calls in (
        (LINE, ("InstanceNorm1D(3, epsilon=1e-2)", "InstanceNorm1D(3, momentum=0.5)", "InstanceNorm1D(3, weight_attr=False, bias_attr=False)",
                "InstanceNorm1D(3, data_format='NLC')", "InstanceNorm1D(3, weight_attr=False)")),
        (IMAGE, ("InstanceNorm2D(4, epsilon=1e-2, momentum=0.5)", "InstanceNorm2D(4, data_format='NHWC')", "InstanceNorm2D(4, bias_attr=False)")),
        (VOLUME, ("InstanceNorm3D(2, epsilon=1e-2, momentum=0.5)", "InstanceNorm3D(2, weight_attr=False, bias_attr=False)", "InstanceNorm3D(2, data_format='NDHWC')")),
    )
    for call in calls
] + [
    row(f"paddle.nn.functional.instance_norm(x, m, v, {options})", x=IMAGE, m=f32(4), v=f32(4, low=0.5), w=f32(4), b=f32(4), **CLOSE)
    for options in ("w, b", "weight=w, bias=b, use_input_stats=False", "weight=w, bias=b, momentum=0.2, eps=1e-2", "data_format='NHWC'")
]  # fmt: skip

OTHERS = [
    row(f"paddle.nn.{call}", x=IMAGE, **CLOSE)
    for call in (
        "GroupNorm(2, 4, epsilon=1e-2)", "GroupNorm(4, 4, 1e-3, weight_attr=False)", "GroupNorm(1, 4, bias_attr=False)", "GroupNorm(3, 4)",
        "LayerNorm([3, 5])", "LayerNorm((4, 3, 5), 1e-3)", "LayerNorm(5, bias_attr=False)", "LayerNorm([3, 5], weight_attr=False)",
        "LayerNorm([4, 3])", "LayerNorm(4)", "LocalResponseNorm(2, alpha=0.3, beta=0.5, k=2.0)", "LocalResponseNorm(4)",
        "LocalResponseNorm(3, 0.2, 0.4, 0.7, 'NHWC')", "SpectralNorm([2, 4, 3, 5], dim=1, power_iters=3, eps=1e-3)",
        "BatchNorm1D(4)", "BatchNorm2D(3)", "InstanceNorm2D(3)", "BatchNorm2D(4, data_format='NCW')",
    )
] + [
    row("paddle.nn.SpectralNorm([3, 4], 0, 2, 1e-6, 'float64')", x=f64(3, 4)),
    row("paddle.nn.GroupNorm(2, 4, data_format='NHWC')", x=LAST, **CLOSE),
    row("paddle.nn.GroupNorm(2, 4)", x=f32(3, 4), **CLOSE),
    row("paddle.nn.GroupNorm(2, 4)", x=f32(3, 4, 7), **CLOSE),
    row("paddle.nn.GroupNorm(2, 4)", x=f32(2, 4, 3, 2, 5), **CLOSE),
    row("paddle.nn.LocalResponseNorm(3, alpha=0.5)", x=LINE, **CLOSE),
    row("paddle.nn.LocalResponseNorm(3, alpha=0.5, data_format='NDHWC')", x=VOLUME_LAST, **CLOSE),
    row("paddle.nn.functional.local_response_norm(x, 3, 0.5, 0.6, 2.0)", x=IMAGE, **CLOSE),
    row("paddle.nn.functional.local_response_norm(x, 5, alpha=0.5, data_format='NLC')", x=LINE_LAST, **CLOSE),
    row("paddle.nn.functional.layer_norm(x, [3, 5], weight=w, bias=b, epsilon=0.001)", x=IMAGE, w=f32(15), b=f32(15)),
    row("paddle.nn.functional.layer_norm(x, x.shape[1:], None, b)", x=IMAGE, b=f32(60)),
    row("paddle.nn.functional.batch_norm(x, m, v, w, b, False, 0.3, 1e-2, 'NC')", x=FLAT, m=f32(3), v=f32(3, low=0.5), w=f32(3), b=f32(3)),
    row("paddle.nn.functional.batch_norm(x, m, v, w, b, True, 0.3, 1e-2, 'NLC')", x=LINE_LAST, m=f32(3), v=f32(3, low=0.5), w=f32(3), b=f32(3), **CLOSE),
    row("paddle.nn.functional.normalize(x, 1.5, 2, 1e-3)", x=IMAGE),
    row("paddle.nn.functional.normalize(x, p=float('inf'), axis=0)", x=FLAT),
    row("paddle.nn.functional.normalize(x * 0)", x=FLAT),
]  # fmt: skip

GIVEN = "weight_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(0.25)), bias_attr=paddle.nn.initializer.Constant(-0.5)"
ATTRIBUTES = [
    row(f"paddle.nn.{call}, {GIVEN})(paddle.linspace(-1, 1, {count}).reshape({shape}).exp())", **CLOSE)
    for count, shape, calls in (
        (42, "[2, 3, 7]", ("BatchNorm1D(3", "InstanceNorm1D(3")),
        (120, "[2, 4, 3, 5]", ("BatchNorm2D(4", "GroupNorm(2, 4", "LayerNorm([3, 5]", "InstanceNorm2D(4")),
        (240, "[2, 2, 3, 4, 5]", ("BatchNorm3D(2", "InstanceNorm3D(2")),
    )
    for call in calls
] + [
    row(f"paddle.nn.BatchNorm(4, {GIVEN.replace('weight_attr', 'param_attr')})(paddle.linspace(-1, 1, 120).reshape([2, 4, 3, 5]))", **CLOSE),
    row("paddle.nn.BatchNorm(4, param_attr=False, bias_attr=False)", x=IMAGE, **CLOSE),
]  # fmt: skip

SYNCHRONISED = [
    row(
        "[[type(l).__name__, l._mean] for l in paddle.nn.SyncBatchNorm.convert_sync_batchnorm(paddle.nn.Sequential(paddle.nn.Conv2D(4, 3, 1), paddle.nn.BatchNorm2D(3))).sublayers()[1:]]"
    ),
]

ROWS = [*BATCH, *MOVED, *INSTANCE, *OTHERS, *ATTRIBUTES, *SYNCHRONISED]
