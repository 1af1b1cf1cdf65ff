"""Activations, dropout, padding, resizing, embedding, pixels and similarities: the options of layers and functions."""

# ruff: noqa: E501

from rows import f32, f64, i32, i64, row

X, IMAGE, LAST, LINE, VOLUME = (
    f32(3, 4, low=-3, high=3),
    f32(2, 4, 5, 6),
    f32(2, 5, 6, 4),
    f32(2, 4, 7),
    f32(1, 2, 3, 4, 5),
)
LINE_LAST, VOLUME_LAST = f32(2, 7, 4), f32(1, 3, 4, 5, 2)

ACTIVATIONS = [
    row(f"paddle.nn.{call}", x=X)
    for call in (
        "CELU(0.5)", "ELU(alpha=2.0)", "GLU(axis=0)", "GLU(axis=1)", "Hardshrink(0.8)", "Hardtanh(-2.0, 1.5)", "Hardtanh(min=-0.5)", "LogSoftmax(axis=0)",
        "LeakyReLU(negative_slope=0.5)", "RReLU(0.1, 0.7)", "SELU(1.2, 0.5)", "SELU(scale=0.5)", "Softplus(2, 1)", "Softplus(beta=0.5, threshold=2.0)",
        "Softshrink(1.0)", "Softshrink(-1.0)", "ThresholdedReLU(-0.5)", "Softmax(axis=1)", "ReLU(name='r')",
        "CELU(0)", "Maxout(2, axis=-1)", "Maxout(3)", "GELU(approximate=True)",
        "Swish()", "Hardsigmoid()", "Hardswish()", "Softmax(axis=2)", "LogSoftmax(axis=-3)", "GLU(axis=2)",
    )
] + [
    *[row(f"paddle.nn.PReLU({given})(paddle.linspace(-2, 2, 12).reshape([3, 4]))") for given in ("init=0.5", "4, 0.1", "num_parameters=4, weight_attr=paddle.nn.initializer.Constant(0.3)")],
    row("paddle.nn.PReLU(4, data_format='NHWC')", x=LAST), row("paddle.nn.PReLU(4, 0.5, data_format='NLC')", x=LINE_LAST), row("paddle.nn.PReLU(3)", x=IMAGE),
    row("paddle.nn.Maxout(2, 3)", x=LAST), row("paddle.nn.Softmax2D()", x=f32(4, 5, 6)), row("paddle.nn.Softmax2D()", x=X), row("paddle.nn.Softmax(-3)", x=IMAGE),
] + [
    row(f"paddle.nn.functional.{call}", x=X)
    for call in (
        "hardsigmoid(x, 0.3, 0.1)", "hardsigmoid(x, offset=0.2)", "rrelu(x, 0.1, 0.7, False)", "rrelu(x, lower=0.5, upper=0.5)", "rrelu(x, 0.5, 0.2)", "rrelu(x, -0.1, 0.2)",
        "glu(x, 0)", "glu(x)", "softmax(x, -1, 'float64')", "softmax(x, dtype=paddle.float64)", "log_softmax(x, 0, 'float64')", "softmax(x, 5)", "selu(x, 1.5, 0.2)",
        "celu(x, 2.0)", "elu(x, alpha=-1.0)", "elu_(x.clone(), 0.4)", "hardtanh_(x.clone(), -0.5, 0.4)", "leaky_relu_(x.clone(), 0.3)", "relu_(x.clone())",
        "softmax_(x.clone(), 0)", "softmax_(x.clone(), axis=1, dtype='float32')", "tanh_(x.clone())", "thresholded_relu_(x.clone(), 0.3)", "softshrink(x, 0.0)",
        "maxout(x, 2, -1)", "maxout(x, 1)", "maxout(x, 5)", "thresholded_relu(x, threshold=-2.0)", "gelu(x, approximate=True)",
        "gumbel_softmax(x, 0.5, True).sum(-1)", "gumbel_softmax(x, temperature=2.0, axis=0).sum(0)", "gumbel_softmax(x, hard=True, axis=0).max()", "silu(x, name='s')",
    )
] + [
    row("[b := x.clone(), paddle.nn.functional.relu_(b), b][1:]", x=X), row("[b := x.clone(), paddle.nn.functional.elu_(b, 0.2), b][1:]", x=X),
    row("[b := x.clone(), paddle.nn.functional.softmax_(b), b][1:]", x=X),
    row("paddle.nn.functional.prelu(x, w, 'NLC')", x=LINE_LAST, w=f32(4)), row("paddle.nn.functional.prelu(x, w)", x=IMAGE, w=f32(3)),
    row("paddle.nn.functional.prelu(x, w)", x=X, w=f32(4)), row("paddle.nn.functional.prelu(x, w, data_format='NCX')", x=IMAGE, w=f32(4)),
    *[row(f"paddle.nn.functional.{name}(x)", x=f64(3, 4, low=-3, high=3)) for name in ("gelu", "selu", "mish", "softplus", "log_sigmoid", "swish", "hardswish", "elu")],
]  # fmt: skip

DROPPED = [
    row(f"paddle.nn.{call}", x=IMAGE)
    for call in ("Dropout(0.3, axis=1)", "Dropout(0.3, axis=[0, 2], mode='downscale_in_infer')", "Dropout2D(0.2, 'NHWC')", "AlphaDropout(p=0.2)", "Dropout(1.0, mode='downscale_in_infer')")
] + [
    row("paddle.nn.Dropout3D(p=0.2, data_format='NDHWC')", x=VOLUME_LAST),
    *[row(f"paddle.nn.functional.{call}", x=IMAGE) for call in (
        "dropout2d(x, 0.4, False, 'NHWC')", "dropout2d(x, p=0.0)", "dropout2d(x, 1.0)", "alpha_dropout(x, 0.3, False)", "alpha_dropout(x, p=1.0)", "alpha_dropout(x, 0.0)", "dropout(x, 0.4, [0, 1], False, 'downscale_in_infer')",
        "dropout(x, 1.0, mode='downscale_in_infer')", "dropout(x, 0.5, axis=7)", "dropout(x, mode='other')", "dropout(x, 'a')", "dropout2d(x, data_format='NCW')", "dropout(x, -0.1)", "alpha_dropout(x, 1.5)",
        "dropout(x, paddle.to_tensor(0.3), training=False)")],
    *[row(f"paddle.nn.functional.dropout3d(x, {options})", x=VOLUME) for options in ("0.4, False, 'NDHWC'", "p=1.0", "0.5, data_format='NCHW'", "training=False")],
    # What a draw keeps is chance; how its values are scaled and that whole slices go together is not.
    row("[y := paddle.nn.functional.dropout(paddle.ones([50, 40]), 0.5), paddle.unique(y)][1]"),
    row("[y := paddle.nn.functional.dropout(paddle.ones([50, 40]), 0.2, mode='downscale_in_infer'), paddle.unique(y)][1]"),
    row("[y := paddle.nn.functional.dropout(paddle.ones([60, 7, 5]), 0.5, axis=0), paddle.unique(y.sum([1, 2]))][1]"),
    row("[y := paddle.nn.functional.dropout(paddle.ones([60, 7, 5]), 0.5, axis=[0, 2]), paddle.unique(y.sum([1]))][1]"),
    row("[y := paddle.nn.functional.dropout2d(paddle.ones([20, 7, 5, 4])), paddle.unique(y.sum([2, 3]))][1]"),
    row("[y := paddle.nn.functional.dropout2d(paddle.ones([20, 7, 5, 4]), data_format='NHWC'), paddle.unique(y.sum([1, 2]))][1]"),
    row("[y := paddle.nn.functional.dropout3d(paddle.ones([20, 7, 2, 5, 4])), paddle.unique(y.sum([2, 3, 4]))][1]"),
    row("[y := paddle.nn.functional.alpha_dropout(paddle.ones([50, 40]), 0.5), paddle.unique(y)][1]", rtol=1e-4),
]  # fmt: skip

PADDED = [
    row(f"paddle.nn.{call}", x=x)
    for x, calls in (
        (LINE, ("Pad1D([2, 1], value=1.5)", "Pad1D(2, 'circular')", "Pad1D([1, 3], mode='reflect')", "Pad1D(np.int64(2), 'reflect')", "Pad1D((1, np.int64(2)))")),
        (LINE_LAST, ("Pad1D([2, 1], data_format='NLC')", "Pad1D(2, 'replicate', data_format='NLC')")),
        (IMAGE, ("Pad2D(2, value=-1.0)", "Pad2D([1, 0, 2, 3], 'circular')", "Pad2D([3, 2, 1, 0], mode='replicate')", "ZeroPad2D(2)", "ZeroPad2D(np.int64(2))", "Pad2D(2, mode='other')", "Pad2D([1, 2])")),
        (LAST, ("Pad2D([1, 0, 2, 3], 'reflect', data_format='NHWC')", "ZeroPad2D([1, 0, 2, 3], data_format='NHWC')")),
        (VOLUME, ("Pad3D([1, 0, 2, 1, 0, 3])", "Pad3D(1, 'reflect')", "Pad3D([1, 2, 0, 1, 1, 0], mode='replicate')", "Pad3D(1, 'circular')", "Pad3D(2, value=0.5)")),
        (VOLUME_LAST, ("Pad3D([1, 2, 0, 1, 1, 0], data_format='NDHWC')", "Pad3D(1, 'replicate', data_format='NDHWC')")),
    )
    for call in calls
] + [
    row(f"paddle.nn.functional.{call}", x=IMAGE)
    for call in (
        "pad(x, [1, 2], data_format='NCHW')", "pad(x, [1, 2, 3, 4, 5, 6])", "pad(x, paddle.to_tensor([1, 2, 0, 3], 'int32'))", "pad(x, [0, 0, 1, 0, 0, 2, 3, 0], value=0.5)", "pad(x, [-1, 0, 0, -2])",
        "pad(x, [0, 0, 0, 0, 1, 2, 3, 4], 'reflect')", "zeropad2d(x, [1, 2, 3, 0], 'NHWC')", "pad(x, (1, 2, 3, 4), 'constant', 2.0, 'NHWC')", "pad(x, [6, 0, 0, 0], mode='reflect')",
        "pad(x, [1, 1, 1, 1], data_format='NCL')",
    )
] + [
    row("paddle.nn.functional.pad(x, [1, 2, 3, 0, 1, 1], value=2.0, data_format='NDHWC')", x=VOLUME_LAST),
    row("paddle.nn.functional.pad(x, [1, 2, 3, 0, 1, 1], mode='replicate', data_format='NCDHW')", x=VOLUME),
    row("paddle.nn.functional.pad(x, [1, 2])", x=f32(4)), row("paddle.nn.functional.pad(x, [1, 2, 3, 4], value=1.0)", x=f32(2, 3)), row("paddle.nn.functional.pad(x, [1, 2, 3, 4])", x=i64(2, 3)),
    row("paddle.nn.functional.pad(x, [1, 0, 2, 1, 0, 3, 1, 1, 0, 2])", x=VOLUME),
]  # fmt: skip

RESIZED = [
    row(f"paddle.nn.{call}", x=x, rtol=1e-4, atol=1e-5)
    for x, calls in (
        (IMAGE, ("Upsample([7, 9], mode='bicubic')", "Upsample(scale_factor=[2, 1.5], mode='bilinear')", "Upsample([3, 4], mode='area')", "Upsample((7, 3))",
                 "UpsamplingBilinear2D(scale_factor=2)", "UpsamplingNearest2D([7, 9])", "UpsamplingBilinear2D([3, 9])", "Upsample([7, 9], mode='bicubic', align_corners=True)", "Upsample()", "Upsample([7], mode='linear')")),
        (LAST, ("Upsample([7, 9], mode='bilinear', data_format='NHWC')", "UpsamplingBilinear2D([7, 9], data_format='NHWC')", "UpsamplingNearest2D(scale_factor=2, data_format='NHWC')")),
        (LINE, ("Upsample([9], mode='linear', data_format='NCW')",)),
        (VOLUME, ("Upsample([4, 6, 7], mode='trilinear', data_format='NCDHW')", "Upsample(scale_factor=2, mode='trilinear', align_mode=1, data_format='NCDHW')", "Upsample([4, 6, 7], data_format='NCDHW')")),
    )
    for call in calls
] + [
    row(f"paddle.nn.functional.{call}", x=IMAGE, rtol=1e-4, atol=1e-5)
    for call in (
        "upsample(x, [7, 9], mode='bilinear', align_mode=1)", "upsample(x, size=(3, 4))", "upsample(x, scale_factor=[1.5, 2])", "interpolate(x, [7, 9], None, 'BILINEAR', False, 1, 'NCHW')",
        "interpolate(x, scale_factor=0.5)", "interpolate(x, scale_factor=0.6, mode='bilinear')", "interpolate(x, scale_factor=(0.6, 1.7), mode='bicubic')", "interpolate(x, scale_factor=1.3, mode='bilinear', align_mode=1)",
        "interpolate(x, scale_factor=1.3, mode='bilinear', align_corners=True)", "interpolate(x, size=paddle.to_tensor([7, 9]), mode='bilinear')", "interpolate(x, size=[paddle.to_tensor(7), 9])",
        "interpolate(x, [7, 9], mode='nearest', align_corners=True)", "interpolate(x, [7, 9], mode='bilinear', align_mode=2)", "interpolate(x, [7, 9, 2])", "interpolate(x, [7, 9], 2.0)", "interpolate(x, [1, 1], mode='bilinear', align_corners=True)",
        "interpolate(x, [7, 9], mode='other')", "interpolate(x, [7, 9], data_format='NCW')", "interpolate(x, [3, 4], mode='area')", "interpolate(x, scale_factor=2, mode='area')", "interpolate(x, [2, 3], mode='bilinear', align_mode=1)",
    )
] + [
    row("paddle.nn.functional.upsample(x, [7, 9], mode='bicubic', data_format='NHWC')", x=LAST, rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.interpolate(x, [4, 6, 7], mode='trilinear', align_corners=True, data_format='NDHWC')", x=VOLUME_LAST, rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.interpolate(x, [9], mode='linear', align_mode=1, data_format='NWC')", x=LINE_LAST), row("paddle.nn.functional.interpolate(x, [4], mode='area', data_format='NCW')", x=LINE),
]  # fmt: skip

PIXELS = [
    row(f"paddle.nn.{call}", x=x)
    for x, calls in (
        (f32(2, 3, 4, 8), ("PixelShuffle(2, 'NHWC')", "PixelUnshuffle(2, data_format='NHWC')", "ChannelShuffle(4, data_format='NHWC')", "PixelUnshuffle(4)", "PixelShuffle(3)", "PixelShuffle(2.0)", "ChannelShuffle(0)")),
        (IMAGE, ("Unfold([2, 3], 2, 1, [2, 1])", "Unfold(2, dilations=2, paddings=[1, 0], strides=2)", "Unfold([3, 2], paddings=[1, 0, 2, 1])")),
    )
    for call in calls
] + [
    row("paddle.nn.Fold([5, 6], [2, 3], 1, [1, 0], [2, 1])", x=f32(2, 12, 12)), row("paddle.nn.Fold([5, 6], 2, dilations=2, paddings=1, strides=2)", x=f32(2, 8, 9)), row("paddle.nn.Fold([5, 6], 2)", x=f32(2, 8, 9)),
    row("paddle.nn.functional.fold(x, [5, 6], 2, 2, 1, 2)", x=f32(2, 8, 9)), row("paddle.nn.functional.fold(x, 5, 2, paddings=[1, 2, 1, 2], dilations=[1, 2])", x=f32(2, 8, 42)),
    row("paddle.nn.functional.channel_shuffle(x, 3, 'NHWC')", x=f32(2, 3, 4, 6)), row("paddle.nn.functional.pixel_unshuffle(x, 3, 'NHWC')", x=f32(2, 3, 6, 2)), row("paddle.nn.functional.channel_shuffle(x, 4)", x=f32(2, 6, 3, 4)),
]  # fmt: skip

OTHERS = [
    row("paddle.nn.Embedding(9, 4, sparse=True)", x=i64(3, 5)), row("paddle.nn.Embedding(9, 4, padding_idx=9)", x=i64(3, 5)), row("paddle.nn.Embedding(9, 4)", x=i32(3, 5)),
    row("paddle.nn.Embedding(5, 4)", x=i64(3, low=5, high=9)), row("paddle.nn.Embedding(5, 4)", x=f32(3, low=0, high=4)), row("paddle.nn.Embedding(0, 4)", x=i64(3)),
    row("paddle.nn.functional.embedding(x, w, sparse=True)", x=i64(3, 4), w=f32(5, 6)), row("paddle.nn.functional.embedding(x, w, 7)", x=i64(3, 4), w=f32(5, 6)), row("paddle.nn.functional.embedding(x, w)", x=f32(3, 4), w=f32(5, 6)),
    row("paddle.nn.functional.label_smooth(x, p, 0.3)", x=f32(2, 5, low=0), p=f32(1, 5, low=0)), row("paddle.nn.functional.label_smooth(x, prior_dist=p)", x=f32(2, 5, low=0), p=f32(1, 5, low=0)),
    row("paddle.nn.Bilinear(3, 4, 5, bias_attr=False)", a=f32(2, 3), b=f32(2, 4)), row("paddle.nn.Linear(4, 5)", x=f32(2, 3, 5)), row("paddle.nn.Linear(4, 5)", x=f32(4)), row("paddle.nn.Linear(4, 5)", x=f32(2, 3, 2, 4)),
    row("paddle.nn.CosineSimilarity(0, 0.5)", a=f32(2, 3), b=f32(2, 3)), row("paddle.nn.PairwiseDistance(3.0, 0.1, True)", a=f32(2, 3), b=f32(2, 3)), row("paddle.nn.Flatten(0, 1)", x=IMAGE), row("paddle.nn.Flatten(2)", x=IMAGE),
    row("paddle.nn.Flatten(3, 1)", x=IMAGE), row("paddle.nn.Unflatten(-1, [3, -1])", x=IMAGE), row("paddle.nn.Unflatten(1, paddle.to_tensor([2, 2]))", x=IMAGE), row("paddle.nn.functional.one_hot(x, paddle.to_tensor([6]))", x=i64(3)),
    row("paddle.nn.functional.one_hot(x, num_classes=6)", x=i64(3, 1)), row("paddle.nn.functional.one_hot(x, 5)", x=f32(3, low=0, high=4)), row("paddle.nn.functional.sequence_mask(x, 4, 'bool')", x=i64(2, 3)),
    row("paddle.nn.functional.cosine_similarity(a, b, -1, 0.5)", a=f32(2, 3, 4), b=f32(2, 3, 4)), row("paddle.nn.functional.cosine_similarity(a, b, 0)", a=f32(2, 3), b=f32(3)),
    row("paddle.nn.functional.temporal_shift(x, 2, 0.6)", x=f32(4, 8, 3, 3)), row("paddle.nn.functional.affine_grid(t, paddle.to_tensor([2, 3, 4, 5]), True)", t=f32(2, 2, 3)), row("paddle.nn.functional.affine_grid(t, [2, 1, 2, 3, 4], False)", t=f32(2, 3, 4)),
    row("paddle.nn.functional.grid_sample(x, g, 'nearest', 'border', False)", x=IMAGE, g=f32(2, 3, 5, 2, low=-1.4, high=1.4)), row("paddle.nn.functional.grid_sample(x, g)", x=VOLUME, g=f32(1, 2, 3, 4, 3, low=-1.4, high=1.4)),
    row("paddle.nn.functional.grid_sample(x, g, padding_mode='other')", x=IMAGE, g=f32(2, 3, 5, 2)), row("paddle.nn.functional.diag_embed(x, -1, 1, 0)", x=f32(2, 3)), row("paddle.nn.functional.unfold(x, [2, 3], [2, 1], [1, 0, 0, 1], [1, 2])", x=IMAGE),
]  # fmt: skip

GIVEN = "weight_attr=paddle.nn.initializer.Constant(0.25)"
BIAS = "bias_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(-0.5), trainable=False)"
ATTRIBUTES = [
    row(f"[[p, p.stop_gradient] for p in paddle.nn.{call}).parameters()]")
    for call in (
        f"Linear(2, 3, {GIVEN}, {BIAS}", f"Bilinear(2, 3, 4, {GIVEN}, {BIAS}", f"Embedding(3, 2, {GIVEN}", f"Embedding(3, 2, 1, {GIVEN}", f"PReLU(3, 0.4, {GIVEN}", "PReLU(3, 0.4",
        f"Conv1D(2, 3, 1, {GIVEN}, {BIAS}", f"Conv2DTranspose(2, 3, 1, {GIVEN}, {BIAS}", f"LayerNorm(3, {GIVEN}, {BIAS}",
    )
]  # fmt: skip

ROWS = [*ACTIVATIONS, *DROPPED, *PADDED, *RESIZED, *PIXELS, *OTHERS, *ATTRIBUTES]
