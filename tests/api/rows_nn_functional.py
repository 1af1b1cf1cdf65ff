"""paddle.nn.functional."""

# ruff: noqa: E501

from rows import boolean, f32, f64, i32, i64, row

X = f32(2, 6, 5)
POSITIVE = f32(3, 4, low=0.05, high=0.95)
IMAGE, LAST, LINE, VOLUME = f32(2, 4, 7, 8), f32(2, 7, 8, 4), f32(2, 4, 9), f32(1, 2, 4, 5, 6)

ACTIVATIONS = [
    row(f"paddle.nn.functional.{call}", x=f32(2, 6, 5, low=-4, high=4))
    for call in (
        "celu(x)", "celu(x, alpha=0.5)", "celu(x, alpha=0)", "elu(x)", "elu(x, alpha=0.3)", "gelu(x)", "gelu(x, True)",
        "hardshrink(x)", "hardshrink(x, 1.5)", "hardtanh(x)", "hardtanh(x, -2.0, 3.0)", "hardsigmoid(x)",
        "hardsigmoid(x, slope=0.2, offset=0.5)", "hardswish(x)", "leaky_relu(x)", "leaky_relu(x, 0.2)",
        "log_sigmoid(x)", "log_softmax(x)", "log_softmax(x, axis=1)", "log_softmax(x, dtype='float64')",
        "mish(x)", "relu(x)", "relu6(x)",
        "selu(x)", "selu(x, scale=1.5, alpha=2.0)", "selu(x, scale=0.5)", "sigmoid(x)", "silu(x)", "softmax(x)",
        "softmax(x, axis=0)", "softmax(x, axis=-2, dtype='float64')", "softplus(x)", "softplus(x, beta=2, threshold=3)",
        "softshrink(x)", "softshrink(x, threshold=-1)", "softsign(x)", "swish(x)", "tanh(x)", "tanhshrink(x)",
        "thresholded_relu(x)", "thresholded_relu(x, 0.5)", "glu(x, axis=1)", "rrelu(x, training=False)",
        "rrelu(x, lower=1, training=False)", "normalize(x)", "normalize(x, p=1, axis=-1)", "normalize(x, p=3.0, axis=0)",
        "normalize(x, epsilon=100.0)", "pad(x, [1, 2])", "pad(x, [1, 2], data_format='NCL')",
        "pad(x, [1, 2], data_format='NLC')", "pad(x, [1, 2], mode='reflect', data_format='NCL')",
        "pad(x, [1, 0, 2, 3, 0, 1])", "pad(x, [1, 2], mode='circular', data_format='NLC')",
        "pad(x, [1, 2], mode='replicate', value=3.0, data_format='NCL')", "pad(x, [0, 1, 2, 3])",
        "label_smooth(x)", "label_smooth(x, epsilon=0.3)", "label_smooth(x, epsilon=2.0)",
        "dropout(x, 0.3, training=False)", "dropout(x, 0.3, training=False, mode='downscale_in_infer')", "dropout(x, 0.0)",
        "dropout(x, 2.0)", "dropout(x, 1.0)", "dropout(x, 0.5, axis=1, training=False, mode='downscale_in_infer')",
        "alpha_dropout(x, training=False)", "diag_embed(x)", "diag_embed(x, offset=1, dim1=0, dim2=2)",
        "interpolate(x, size=[9], mode='linear', data_format='NCW')", "interpolate(x, size=[9], mode='linear')",
        "interpolate(x, scale_factor=2, mode='linear', align_corners=True, data_format='NCW')",
        "interpolate(x, size=[3], mode='linear', align_mode=1, data_format='NCW')",
        "interpolate(x, size=[9], mode='linear', data_format='NWC')",
        "layer_norm(x, 5)", "layer_norm(x, [6, 5], epsilon=1e-3)", "instance_norm(x)",
        "avg_pool1d(x, 2)", "max_pool1d(x, 2)", "local_response_norm(x, 3, data_format='NCL')",
        "adaptive_avg_pool1d(x, 3)", "adaptive_max_pool1d(x, 3, return_mask=True)",
    )
]  # fmt: skip

INPUTS = [
    row("paddle.nn.functional.prelu(x, w)", x=IMAGE, w=f32(1)),
    row("paddle.nn.functional.prelu(x, w)", x=IMAGE, w=f32(4)),
    row("paddle.nn.functional.prelu(x, w, data_format='NHWC')", x=LAST, w=f32(4)),
    row("paddle.nn.functional.one_hot(x, 5)", x=i64(3, 4)),
    row("paddle.nn.functional.one_hot(x, num_classes=7)", x=i32(3)),
    row("paddle.nn.functional.one_hot(x, 2)", x=i64(30)),
    row("paddle.nn.functional.embedding(x, w)", x=i64(3, 4), w=f32(5, 6)),
    row("paddle.nn.functional.embedding(x, w, padding_idx=1)", x=i64(3, 4), w=f32(5, 6)),
    row("paddle.nn.functional.embedding(x, w, padding_idx=-1)", x=i32(3, 4), w=f32(5, 6)),
    row("paddle.nn.functional.sequence_mask(x, maxlen=6)", x=i64(3)),
    row("paddle.nn.functional.sequence_mask(x, maxlen=6, dtype='float32')", x=i32(3)),
    row("paddle.nn.functional.sequence_mask(x)", x=i64(4, low=1)),
    row("paddle.nn.functional.linear(x, w, b)", x=f32(2, 3, 4), w=f32(4, 5), b=f32(5)),
    row("paddle.nn.functional.linear(x, w)", x=f32(4), w=f32(4, 5)),
    row("paddle.nn.functional.linear(x, w)", x=f64(2, 4), w=f64(4, 5)),
    row("paddle.nn.functional.bilinear(a, b, w)", a=f32(2, 3), b=f32(2, 4), w=f32(5, 3, 4)),
    row("paddle.nn.functional.bilinear(a, b, w, c)", a=f32(2, 3), b=f32(2, 4), w=f32(5, 3, 4), c=f32(1, 5)),
    row("paddle.nn.functional.cosine_similarity(a, b)", a=f32(2, 3, 4), b=f32(2, 3, 4)),
    row("paddle.nn.functional.cosine_similarity(a, b, axis=-1, eps=1e-6)", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.nn.functional.pairwise_distance(a, b)", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.nn.functional.pairwise_distance(a, b, p=1.0, keepdim=True)", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.nn.functional.gather_tree(a, b)", a=i64(4, 2, 3), b=i64(4, 2, 3, high=3)),
    row("paddle.nn.functional.temporal_shift(x, 2, 0.25)", x=f32(4, 8, 3, 3)),
    row("paddle.nn.functional.temporal_shift(x, 4, 0.1)", x=f32(4, 12, 2, 2)),
    row("paddle.nn.functional.temporal_shift(x, seg_num=2, data_format='NHWC')", x=f32(4, 3, 3, 8)),
    row("paddle.nn.functional.affine_grid(t, [2, 3, 4, 5])", t=f32(2, 2, 3)),
    row("paddle.nn.functional.affine_grid(t, [2, 3, 4, 5], align_corners=False)", t=f32(2, 2, 3)),
    *[
        row(f"paddle.nn.functional.grid_sample(x, g{options})", x=IMAGE, g=f32(2, 3, 5, 2, low=-1.3, high=1.3), atol=2e-6)
        for options in ("", ", align_corners=False", ", mode='nearest'", ", padding_mode='border'",
                        ", padding_mode='reflection'", ", padding_mode='reflection', align_corners=False",
                        ", mode='cubic'")
    ],
    *[
        row(f"paddle.nn.functional.scaled_dot_product_attention(q, k, v{options})", q=f32(2, 5, 3, 4), k=f32(2, 5, 3, 4),
            v=f32(2, 5, 3, 4))
        for options in ("",)
    ],
    row("paddle.nn.functional.flash_attention.flash_attention(q, q, q, return_softmax=True)", q=f32(2, 5, 3, 4)),
    row("paddle.nn.functional.batch_norm(x, m, v)", x=IMAGE, m=f32(4), v=f32(4, low=0.5, high=2)),
    row("paddle.nn.functional.batch_norm(x, m, v, w, b)", x=IMAGE, m=f32(4), v=f32(4, low=0.5, high=2), w=f32(4), b=f32(4)),
    row("paddle.nn.functional.batch_norm(x, m, v, w, b, training=True)", x=IMAGE, m=f32(4), v=f32(4, low=0.5, high=2),
        w=f32(4), b=f32(4)),
    row("[paddle.nn.functional.batch_norm(x, m, v, w, b, training=True, momentum=0.7), m, v]", x=IMAGE, m=f32(4),
        v=f32(4, low=0.5, high=2), w=f32(4), b=f32(4)),
    row("paddle.nn.functional.batch_norm(x, m, v, data_format='NHWC', epsilon=0.1)", x=LAST, m=f32(4),
        v=f32(4, low=0.5, high=2)),
    row("paddle.nn.functional.batch_norm(x, m, v, training=True, use_global_stats=True)", x=IMAGE, m=f32(4),
        v=f32(4, low=0.5, high=2)),
    row("[paddle.nn.functional.batch_norm(x, m, v, w, b, use_global_stats=False), m, v]", x=IMAGE, m=f32(4),
        v=f32(4, low=0.5, high=2), w=f32(4), b=f32(4)),
    row("paddle.nn.functional.layer_norm(x, [6, 5], w, b)", x=X, w=f32(30), b=f32(30)),
    row("paddle.nn.functional.instance_norm(x, weight=w, bias=b, eps=1e-3)", x=IMAGE, w=f32(4), b=f32(4)),
]  # fmt: skip

CONVOLUTIONS = [
    *[
        row(f"paddle.nn.functional.conv2d(x, w{options})", x=IMAGE, w=f32(6, 4, 3, 2), rtol=1e-4, atol=1e-5)
        for options in (
            "", ", stride=2", ", padding=1", ", padding=[1, 2]", ", padding=[1, 0, 2, 1]", ", padding='same'",
            ", padding='VALID', stride=[2, 1]", ", padding='SAME', stride=2", ", padding='SAME', stride=[3, 2], dilation=2",
            ", padding=[[0, 0], [0, 0], [1, 2], [0, 1]]", ", dilation=2, padding=2", ", padding='other'",
            ", padding=[1, 2, 3]",
        )
    ],
    row("paddle.nn.functional.conv2d(x, w, b, data_format='NHWC', padding=1)", x=LAST, w=f32(6, 4, 3, 3), b=f32(6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv2d(x, w, b, data_format='NHWC', padding=[[0, 0], [1, 0], [0, 1], [0, 0]])", x=LAST,
        w=f32(6, 4, 3, 3), b=f32(6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv2d(x, w, groups=2)", x=IMAGE, w=f32(6, 2, 3, 3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv2d(x, w, b, groups=4)", x=IMAGE, w=f32(4, 1, 3, 3), b=f32(4), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv1d(x, w, b, padding=1, stride=2)", x=LINE, w=f32(6, 4, 3), b=f32(6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv1d(x, w, padding='SAME', stride=2)", x=LINE, w=f32(6, 4, 3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv1d(x, w, padding=[2, 1])", x=LINE, w=f32(6, 4, 3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv1d(x, w, data_format='NLC')", x=f32(2, 9, 4), w=f32(6, 4, 3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv3d(x, w, b, padding=1)", x=VOLUME, w=f32(3, 2, 3, 3, 3), b=f32(3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv3d(x, w, padding='SAME', stride=2)", x=VOLUME, w=f32(3, 2, 3, 3, 3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv3d(x, w, data_format='NDHWC')", x=f32(1, 4, 5, 6, 2), w=f32(3, 2, 3, 3, 3), rtol=1e-4, atol=1e-5),
    *[
        row(f"paddle.nn.functional.conv2d_transpose(x, w{options})", x=IMAGE, w=f32(4, 3, 3, 3), rtol=1e-4, atol=1e-5)
        for options in (
            "", ", stride=2", ", stride=2, padding=1, output_padding=1", ", stride=2, padding=1, output_size=[14, 15]",
            ", stride=2, padding=[1, 0, 0, 1]", ", stride=2, padding='SAME'", ", dilation=2", ", stride=3, output_size=[22, 25]",
            ", output_padding=1, output_size=[9, 9]",
        )
    ],
    row("paddle.nn.functional.conv2d_transpose(x, w, b, groups=2)", x=IMAGE, w=f32(4, 3, 3, 3), b=f32(6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv2d_transpose(x, w, stride=2, data_format='NHWC')", x=LAST, w=f32(4, 3, 2, 2), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv1d_transpose(x, w, b, stride=2, padding=1)", x=LINE, w=f32(4, 3, 4), b=f32(3), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv1d_transpose(x, w, stride=2, output_padding=1)", x=LINE, w=f32(4, 3, 4), rtol=1e-4, atol=1e-5),
    row("paddle.nn.functional.conv3d_transpose(x, w, stride=2)", x=VOLUME, w=f32(2, 3, 2, 2, 2), rtol=1e-4, atol=1e-5),
]  # fmt: skip

POOLING = [
    row(f"paddle.nn.functional.{call}", x=IMAGE)
    for call in (
        "avg_pool2d(x, 2)", "avg_pool2d(x, [2, 3], stride=1)", "avg_pool2d(x, 3, stride=2, padding=1)",
        "avg_pool2d(x, 3, stride=2, padding=1, exclusive=False)", "avg_pool2d(x, 3, stride=2, ceil_mode=True)",
        "avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True)", "avg_pool2d(x, 3, stride=2, padding=1, divisor_override=5)",
        "avg_pool2d(x, 3, stride=2, padding=1, ceil_mode=True, exclusive=False)", "avg_pool2d(x, 3, 2, padding=[1, 0, 0, 1])",
        "avg_pool2d(x, 3, 2, padding=[1, 0, 0, 1], exclusive=False)", "avg_pool2d(x, 3, 2, padding='SAME')",
        "avg_pool2d(x, 2, padding='VALID')", "avg_pool2d(x, 2, padding='VALID', ceil_mode=True)",
        "max_pool2d(x, 2)", "max_pool2d(x, 3, stride=2, padding=1)", "max_pool2d(x, 3, 2, ceil_mode=True)",
        "max_pool2d(x, 3, 2, padding=1, ceil_mode=True)", "max_pool2d(x, [2, 3], [2, 1], padding=[1, 0])",
        "max_pool2d(x, 3, 2, padding='SAME')", "max_pool2d(x, 3, 2, padding=[1, 0, 0, 1])",
        "max_pool2d(x, 2, return_mask=True)", "max_pool2d(x, 3, 2, padding=1, return_mask=True)",
        "adaptive_avg_pool2d(x, 1)", "adaptive_avg_pool2d(x, [3, None])", "adaptive_avg_pool2d(x, (3, 5))",
        "adaptive_max_pool2d(x, 3)", "adaptive_max_pool2d(x, [2, 3], return_mask=True)",
        "max_unpool2d(*paddle.nn.functional.max_pool2d(x, 2, return_mask=True), 2)",
        "max_unpool2d(*paddle.nn.functional.max_pool2d(x, 2, return_mask=True), 2, output_size=[7, 8])",
        "local_response_norm(x, 3)", "local_response_norm(x, 2, alpha=0.1, beta=0.5, k=2.0)",
        "pixel_shuffle(x, 2)", "channel_shuffle(x, 2)", "maxout(x, groups=2)", "maxout(x, groups=4, axis=1)", "maxout(x, groups=4, axis=-1)", "unfold(x, 2)", "unfold(x, [2, 3], strides=2, paddings=1)",
        "unfold(x, 2, paddings=[1, 0, 2, 1], dilations=2)", "zeropad2d(x, [1, 2, 0, 3])", "pad(x, [1, 2, 3, 4])",
        "pad(x, [1, 2, 3, 4], value=2.5)", "pad(x, [1, 1, 0, 2], mode='reflect')", "pad(x, [1, 1, 0, 2], mode='replicate')",
        "pad(x, [1, 1, 0, 2], mode='circular')", "pad(x, [1, 1, 0, 2], mode='replicate', data_format='NHWC')",
        "pad(x, [0, 0, 1, 2, 3, 4, 5, 6])", "pad(x, [1, 2, 3, 4], data_format='NHWC')", "pad(x, [1, 2], mode='other')",
        "dropout2d(x, 0.5, training=False)",
    )
] + [
    row("paddle.nn.functional.avg_pool2d(x, 2, data_format='NHWC')", x=LAST),
    row("paddle.nn.functional.max_pool2d(x, 3, 2, 1, data_format='NHWC')", x=LAST),
    row("paddle.nn.functional.adaptive_avg_pool2d(x, 2, data_format='NHWC')", x=LAST),
    row("paddle.nn.functional.pixel_shuffle(x, 2, data_format='NHWC')", x=LAST),
    row("paddle.nn.functional.pixel_unshuffle(x, 2)", x=f32(2, 3, 4, 6)),
    row("paddle.nn.functional.pixel_unshuffle(x, 2, data_format='NHWC')", x=f32(2, 4, 6, 3)),
    row("paddle.nn.functional.channel_shuffle(x, 2, data_format='NHWC')", x=LAST),
    row("paddle.nn.functional.avg_pool1d(x, 3, stride=2, padding=1)", x=LINE),
    row("paddle.nn.functional.avg_pool1d(x, 3, stride=2, padding=1, exclusive=False, ceil_mode=True)", x=LINE),
    row("paddle.nn.functional.max_pool1d(x, 3, 2, 1, return_mask=True)", x=LINE),
    row("paddle.nn.functional.max_pool1d(x, 4, 3, ceil_mode=True)", x=LINE),
    row("paddle.nn.functional.max_unpool1d(*paddle.nn.functional.max_pool1d(x, 2, return_mask=True), 2)", x=f32(2, 4, 8)),
    row("paddle.nn.functional.avg_pool3d(x, 2)", x=VOLUME),
    row("paddle.nn.functional.avg_pool3d(x, 3, 2, 1, exclusive=False)", x=VOLUME),
    row("paddle.nn.functional.max_pool3d(x, 2)", x=VOLUME),
    row("paddle.nn.functional.max_pool3d(x, 2, return_mask=True)", x=VOLUME),
    row("paddle.nn.functional.adaptive_avg_pool3d(x, [2, 3, 1])", x=VOLUME),
    row("paddle.nn.functional.adaptive_max_pool3d(x, 2)", x=VOLUME),
    row("paddle.nn.functional.fold(x, [4, 5], 2)", x=f32(2, 12, 12)),
    row("paddle.nn.functional.fold(x, [4, 5], 2, strides=2, paddings=1)", x=f32(2, 12, 9)),
    row("paddle.nn.functional.pad(x, [1, 2, 3, 0, 1, 1], data_format='NCDHW')", x=VOLUME),
    row("paddle.nn.functional.pad(x, [1, 2, 3, 0, 1, 1], mode='replicate', data_format='NCDHW')", x=VOLUME),
    row("paddle.nn.functional.pad(x, [1, 2, 3, 0], value=1)", x=i64(3, 4)),
]  # fmt: skip

INTERPOLATION = [
    row(f"paddle.nn.functional.interpolate(x, {options})", x=IMAGE, atol=2e-6)
    for options in (
        "size=[10, 5]", "scale_factor=2", "scale_factor=[1.5, 0.5]", "size=[10, 5], mode='bilinear'", "scale_factor=0.3",
        "size=[10, 5], mode='bilinear', align_corners=True", "size=[10, 5], mode='bilinear', align_mode=1",
        "scale_factor=2, mode='bilinear'", "scale_factor=1.7, mode='bilinear'", "scale_factor=1.7, mode='bilinear', align_mode=1",
        "scale_factor=1.7, mode='bilinear', align_corners=True", "size=[3, 4], mode='bilinear', align_mode=1",
        "size=[10, 5], mode='bicubic'", "scale_factor=2, mode='bicubic'", "size=[10, 5], mode='bicubic', align_corners=True",
        "size=[1, 1], mode='bilinear', align_corners=True", "size=[3, 2], mode='area'", "size=[10, 5], mode='nearest', align_corners=True",
        "size=[10], mode='bilinear'", "mode='bilinear'", "size=[10, 5], scale_factor=2", "size=[10, 5], mode='lanczos'",
        "size=[10, 5], data_format='NHWC', mode='bilinear'",
        "size=paddle.to_tensor([6, 5], dtype='int32'), mode='bilinear'", "size=[14, 16], mode='bilinear', align_mode=1",
    )
] + [
    row("paddle.nn.functional.interpolate(x, size=[3, 7, 4], mode='trilinear', data_format='NCDHW')", x=VOLUME, atol=2e-6),
    row("paddle.nn.functional.interpolate(x, size=[3, 7, 4], mode='trilinear', align_mode=1, data_format='NCDHW')", x=VOLUME, atol=2e-6),
    row("paddle.nn.functional.interpolate(x, scale_factor=2, data_format='NCDHW')", x=VOLUME),
    row("paddle.nn.functional.upsample(x, scale_factor=2, mode='bilinear', align_corners=True)", x=IMAGE, atol=2e-6),
]  # fmt: skip

LOSSES = [
    *[row(f"paddle.nn.functional.cross_entropy(x, y{options})", x=f32(6, 5), y=i64(6)) for options in (
        "", ", reduction='none'", ", reduction='sum'", ", ignore_index=2", ", ignore_index=2, reduction='none'",
        ", label_smoothing=0.1", ", reduction='other'", ", soft_label=True, ignore_index=1")],
    *[row(f"paddle.nn.functional.cross_entropy(x, y{options})", x=f32(6, 5), y=i64(6, 1)) for options in (
        "", ", reduction='none'", ", ignore_index=2, reduction='sum'")],
    *[row(f"paddle.nn.functional.cross_entropy(x, y, w{options})", x=f32(6, 5), y=i64(6), w=f32(5, low=0.1)) for options in (
        "", ", reduction='none'", ", reduction='sum'", ", ignore_index=2")],
    *[row(f"paddle.nn.functional.cross_entropy(x, y, soft_label=True{options})", x=f32(6, 5), y=f32(6, 5, low=0)) for options in (
        "", ", reduction='none'", ", label_smoothing=0.2", ", weight=paddle.arange(5, dtype='float32')")],
    row("paddle.nn.functional.cross_entropy(x, y)", x=f32(6, 5), y=i32(6)),
    row("paddle.nn.functional.cross_entropy(x, y, axis=1)", x=f32(2, 5, 3, 4), y=i64(2, 3, 4)),
    row("paddle.nn.functional.cross_entropy(x, y, axis=1, reduction='none')", x=f32(2, 5, 3, 4), y=i64(2, 1, 3, 4)),
    row("paddle.nn.functional.cross_entropy(x, y, axis=1, reduction='none')", x=f32(2, 5, 3, 4), y=i64(2, 3, 4)),
    row("paddle.nn.functional.cross_entropy(x, y)", x=f32(2, 3, 5), y=i64(2, 3)),
    row("paddle.nn.functional.cross_entropy(x, y)", x=f32(2, 3, 5), y=i64(2)),
    row("paddle.nn.functional.cross_entropy(x, y, use_softmax=False)", x=f32(6, 5, low=0.1), y=i64(6)),
    row("paddle.nn.functional.softmax_with_cross_entropy(x, y)", x=f32(6, 5), y=i64(6, 1)),
    row("paddle.nn.functional.softmax_with_cross_entropy(x, y, return_softmax=True)", x=f32(6, 5), y=i64(6, 1)),
    row("paddle.nn.functional.softmax_with_cross_entropy(x, y, soft_label=True)", x=f32(6, 5), y=f32(6, 5, low=0)),
    *[row(f"paddle.nn.functional.{name}(x, y{options})", x=POSITIVE, y=f32(3, 4, low=0)) for name, options in (
        ("binary_cross_entropy", ""), ("binary_cross_entropy", ", reduction='none'"),
        ("binary_cross_entropy", ", weight=x, reduction='sum'"), ("binary_cross_entropy_with_logits", ""),
        ("binary_cross_entropy_with_logits", ", weight=x, pos_weight=y, reduction='none'"), ("l1_loss", ""),
        ("l1_loss", ", 'none'"), ("l1_loss", ", 'other'"), ("mse_loss", ""), ("mse_loss", ", reduction='sum'"),
        ("square_error_cost", ""), ("smooth_l1_loss", ""), ("smooth_l1_loss", ", delta=0.2, reduction='none'"),
        ("smooth_l1_loss", ", delta=0.2, reduction='sum'"), ("kl_div", ""), ("kl_div", ", reduction='batchmean'"),
        ("kl_div", ", reduction='none'"), ("poisson_nll_loss", ""),
        ("poisson_nll_loss", ", log_input=False, full=True, reduction='sum'"), ("sigmoid_focal_loss", ""),
        ("sigmoid_focal_loss", ", normalizer=paddle.to_tensor([3.0]), alpha=0.4, gamma=1.5, reduction='mean'"),
        ("multi_label_soft_margin_loss", ""), ("multi_label_soft_margin_loss", ", weight=x, reduction='none'"),
        ("gaussian_nll_loss", ", x"), ("gaussian_nll_loss", ", x, full=True, reduction='none'"),
        ("triplet_margin_loss", ", x * y"), ("triplet_margin_loss", ", x * y, p=1, swap=True, reduction='none'"),
        ("triplet_margin_with_distance_loss", ", x * y, margin=0.5, reduction='sum'"),
        ("margin_ranking_loss", ", paddle.sign(x - 0.5)"), ("margin_ranking_loss", ", paddle.sign(x - 0.5), margin=0.3, reduction='none'"),
        ("hinge_embedding_loss", " * 0 + 1"), ("hinge_embedding_loss", " * 0 - 1, margin=0.4, reduction='none'"),
        ("soft_margin_loss", " * 0 - 1"), ("soft_margin_loss", " * 0 + 1, reduction='none'"),
        ("cosine_embedding_loss", ", paddle.to_tensor([1, -1, 1])"),
        ("cosine_embedding_loss", ", paddle.to_tensor([-1, -1, 1]), margin=0.2, reduction='none'"))],
    row("paddle.nn.functional.nll_loss(x, y)", x=f32(6, 5), y=i64(6)),
    row("paddle.nn.functional.nll_loss(x, y, w, ignore_index=1)", x=f32(6, 5), y=i64(6), w=f32(5, low=0.1)),
    row("paddle.nn.functional.nll_loss(x, y, reduction='none')", x=f32(2, 5, 3), y=i64(2, 3)),
    row("paddle.nn.functional.nll_loss(x, y, reduction='sum')", x=f32(2, 5, 3, 2), y=i64(2, 3, 2)),
    row("paddle.nn.functional.dice_loss(paddle.nn.functional.softmax(x), y)", x=f32(4, 3, 5), y=i64(4, 3, 1)),
    row("paddle.nn.functional.log_loss(x, y)", x=f32(5, 1, low=0.1, high=0.9), y=f32(5, 1, low=0)),
    row("paddle.nn.functional.log_loss(x, y, epsilon=0.01)", x=f32(5, 1, low=0.1, high=0.9), y=f32(5, 1, low=0)),
    row("paddle.nn.functional.npair_loss(a, b, y)", a=f32(6, 5), b=f32(6, 5), y=i64(6)),
    row("paddle.nn.functional.multi_margin_loss(x, y)", x=f32(6, 5), y=i64(6)),
    row("paddle.nn.functional.multi_margin_loss(x, y, p=2, margin=0.5, reduction='none')", x=f32(6, 5), y=i64(6)),
    row("paddle.nn.functional.multi_margin_loss(x, y, weight=w, reduction='none')", x=f32(6, 5), y=i64(6), w=f32(5, low=0)),
    *[row(f"paddle.nn.functional.ctc_loss(x, y, n, m{options})", x=f32(9, 3, 6), y=i32(3, 3, low=1), n=i64(3, low=8, high=9),
          m=i64(3, low=2, high=4), rtol=1e-4) for options in ("", ", reduction='none'", ", reduction='sum', norm_by_times=True", ", blank=5")],
]  # fmt: skip

CHECKS = [row("paddle.nn.functional.relu(x)", x=f64(3, 4)), row("paddle.nn.functional.gelu(x)", x=f64(3, 4)),
          row("paddle.nn.functional.softmax(x)", x=f64(3, 4)), row("paddle.where(m, x, -x)", m=boolean(3, 4), x=f32(3, 4))]  # fmt: skip

ROWS = ACTIVATIONS + INPUTS + CONVOLUTIONS + POOLING + INTERPOLATION + LOSSES + CHECKS
