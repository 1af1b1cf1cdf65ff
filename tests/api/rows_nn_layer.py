"""paddle.nn: layers with the same weights on both sides."""

# ruff: noqa: E501

from rows import f32, i32, i64, row

IMAGE, LINE, FLAT, VOLUME = f32(2, 4, 8, 8), f32(2, 4, 9), f32(3, 4), f32(1, 2, 4, 4, 4)
SEQUENCE = f32(3, 5, 6)

SIMPLE = [
    row(f"paddle.nn.{call}", x=FLAT, **options)
    for call, options in [(c, {}) for c in (
        "Linear(4, 5)", "Linear(4, 5, bias_attr=False)", "Identity()", "Dropout(0.5)", "AlphaDropout(0.3)",
        "Dropout(0.5, mode='downscale_in_infer')", "CELU()", "ELU(0.5)", "GELU()", "GELU(True)", "Hardshrink()", "Hardswish()",
        "Tanh()", "Hardtanh()", "ReLU()", "ReLU6()", "SELU()", "LeakyReLU(0.2)", "Sigmoid()", "Silu()", "Mish()",
        "Hardsigmoid()", "Softplus()", "Softshrink()", "Softsign()", "Swish()", "Tanhshrink()", "ThresholdedReLU(0.2)",
        "LogSigmoid()", "Softmax()", "Softmax(axis=0)", "LogSoftmax()", "GLU()", "RReLU()", "PReLU()", "PReLU(4)",
        "LayerNorm(4)", "LayerNorm(4, weight_attr=False, bias_attr=False)",
        "BatchNorm1D(4)", "BatchNorm(4, act='relu')", "Flatten(0)", "Unflatten(1, [2, 2])", "Sequential(paddle.nn.Linear(4, 3), paddle.nn.ReLU())",
        "Sequential(('a', paddle.nn.Linear(4, 3)), ('b', paddle.nn.Linear(3, 2)))", "LayerList([paddle.nn.Linear(4, 3)])[0]",
        "LayerDict({'a': paddle.nn.Linear(4, 3)})['a']", "SpectralNorm([3, 4], power_iters=2)", "SpectralNorm([3, 4], dim=1)",
    )]
]  # fmt: skip

IMAGES = [
    row(f"paddle.nn.{call}", x=IMAGE, rtol=1e-4, atol=1e-5)
    for call in (
        "Conv2D(4, 6, 3)", "Conv2D(4, 6, 3, stride=2, padding=1, groups=2, bias_attr=False)", "Conv2D(4, 6, 3, padding='same')",
        "Conv2D(4, 4, 3, padding=1, groups=4)", "Conv2D(4, 6, 3, padding=1, padding_mode='reflect')",
        "Conv2D(4, 6, (1, 3), padding=(0, 1), dilation=2)", "Conv2D(4, 6, 3, padding=1, padding_mode='circular')",
        "Conv2D(8, 6, 3, data_format='NHWC')", "Conv2DTranspose(4, 6, 2, stride=2)", "Conv2DTranspose(4, 6, 3, stride=2, padding=1, output_padding=1)",
        "Conv2DTranspose(4, 6, 4, stride=2, padding=1, groups=2)", "BatchNorm2D(4)", "BatchNorm2D(4, weight_attr=False, bias_attr=False)",
        "BatchNorm2D(8, data_format='NHWC')", "BatchNorm2D(4, use_global_stats=False)", "BatchNorm(4)", "BatchNorm(4, use_global_stats=True)",
        "Maxout(2)", "LayerNorm([8, 8], epsilon=1e-3)", "GroupNorm(2, 4)", "GroupNorm(2, 4, weight_attr=False, bias_attr=False)",
        "GroupNorm(4, 8, data_format='NHWC')", "InstanceNorm2D(4)", "InstanceNorm2D(4, weight_attr=False, bias_attr=False)",
        "LocalResponseNorm(3)", "MaxPool2D(2)", "MaxPool2D(3, 2, 1)", "MaxPool2D(2, return_mask=True)", "AvgPool2D(2)",
        "AvgPool2D(3, 2, 1, exclusive=False)", "AvgPool2D(3, 2, 1, ceil_mode=True)", "AdaptiveAvgPool2D(1)", "AdaptiveAvgPool2D((3, 2))",
        "AdaptiveMaxPool2D(2)", "Pad2D(1)", "Pad2D([1, 2, 0, 1], mode='reflect')", "ZeroPad2D([1, 2, 3, 4])", "Upsample(scale_factor=2)",
        "Upsample(size=[5, 6], mode='bilinear', align_corners=True)", "Upsample(size=[5, 6], mode='bilinear', align_mode=1)", "UpsamplingNearest2D(scale_factor=2)",
        "UpsamplingBilinear2D(size=[5, 6])", "PixelShuffle(2)", "PixelUnshuffle(2)", "ChannelShuffle(2)", "Unfold(3)", "Flatten()",
        "Flatten(1, 2)", "Dropout2D()", "Softmax2D()", "PReLU(4)",
    )
] + [
    row("paddle.nn.BatchNorm2D(4)", x=IMAGE, train=True, rtol=1e-4, atol=1e-5),
    row("paddle.nn.BatchNorm(4, act='tanh')", x=IMAGE, train=True, rtol=1e-4, atol=1e-5),
    row("paddle.nn.BatchNorm(4, use_global_stats=True)", x=IMAGE, train=True, rtol=1e-4, atol=1e-5),
    row("paddle.nn.BatchNorm2D(4, use_global_stats=True)", x=IMAGE, train=True, rtol=1e-4, atol=1e-5),
    *[row(f"paddle.nn.{call}", x=LINE, rtol=1e-4, atol=1e-5) for call in (
        "Conv1D(4, 6, 3, padding=1)", "Conv1D(4, 6, 3, padding='same', dilation=2)", "Conv1D(4, 6, 3, padding=1, padding_mode='replicate')",
        "Conv1DTranspose(4, 6, 3, stride=2)", "BatchNorm1D(4)", "InstanceNorm1D(4)", "MaxPool1D(2)", "AvgPool1D(3, 2, 1)",
        "AvgPool1D(3, 2, 1, exclusive=False)", "AdaptiveAvgPool1D(3)", "AdaptiveMaxPool1D(3, return_mask=True)", "Pad1D(2)",
        "Pad1D([1, 2], mode='replicate')")],
    *[row(f"paddle.nn.{call}", x=VOLUME, rtol=1e-4, atol=1e-5) for call in (
        "Conv3D(2, 3, 3, padding=1)", "Conv3DTranspose(2, 3, 2, stride=2)", "BatchNorm3D(2)", "InstanceNorm3D(2)", "MaxPool3D(2)",
        "AvgPool3D(2)", "AdaptiveAvgPool3D(2)", "AdaptiveMaxPool3D(2)", "Pad3D(1)", "Dropout3D()")],
    row("paddle.nn.MaxUnPool2D(2)", x=f32(1, 2, 2, 2), i=i32(1, 2, 2, 2, high=16)),
    row("paddle.nn.Fold([4, 5], 2)", x=f32(2, 12, 12)),
]  # fmt: skip

OTHERS = [
    row("paddle.nn.Embedding(9, 4)", x=i64(3, 5)),
    row("paddle.nn.Embedding(9, 4, padding_idx=2)", x=i64(3, 5)),
    row("paddle.nn.Embedding(9, 4, padding_idx=-7)", x=i64(3, 5)),
    row("paddle.nn.Bilinear(3, 4, 5)", a=f32(2, 3), b=f32(2, 4)),
    row("paddle.nn.CosineSimilarity(axis=1)", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.nn.PairwiseDistance()", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.nn.CrossEntropyLoss()", x=f32(6, 5), y=i64(6)),
    row("paddle.nn.CrossEntropyLoss(ignore_index=1, reduction='none')", x=f32(6, 5), y=i64(6, 1)),
    row("paddle.nn.CrossEntropyLoss(weight=paddle.arange(1, 6).astype('float32'))", x=f32(6, 5), y=i64(6)),
    row("paddle.nn.NLLLoss()", x=f32(6, 5), y=i64(6)),
    row("paddle.nn.CTCLoss()", x=f32(9, 3, 6), y=i32(3, 3, low=1), n=i64(3, low=8, high=9), m=i64(3, low=2, high=4), rtol=1e-4),
    *[row(f"paddle.nn.{name}()", x=f32(3, 4, low=0.1, high=0.9), y=f32(3, 4, low=0)) for name in (
        "BCELoss", "BCEWithLogitsLoss", "MSELoss", "L1Loss", "SmoothL1Loss", "KLDivLoss", "PoissonNLLLoss",
        "MultiLabelSoftMarginLoss", "SoftMarginLoss", "HingeEmbeddingLoss")],
    *[row(f"paddle.nn.{name}()", a=f32(3, 4), b=f32(3, 4), c=f32(3, 4, low=0.2)) for name in (
        "TripletMarginLoss", "TripletMarginWithDistanceLoss", "GaussianNLLLoss", "MarginRankingLoss")],
    row("paddle.nn.MultiMarginLoss()", x=f32(6, 5), y=i64(6)),
    *[row(f"paddle.nn.{cell}(6, 4)", x=f32(3, 6), rtol=1e-4) for cell in ("SimpleRNNCell", "LSTMCell", "GRUCell")],
    row("paddle.nn.SimpleRNNCell(6, 4, activation='relu', bias_ih_attr=False)", x=f32(3, 6), h=f32(3, 4)),
    row("paddle.nn.GRUCell(6, 4)", x=f32(3, 6), h=f32(3, 4)),
    *[row(f"paddle.nn.{call}", x=SEQUENCE, rtol=1e-4, atol=1e-5) for call in (
        "SimpleRNN(6, 4)", "SimpleRNN(6, 4, activation='relu', num_layers=2)", "LSTM(6, 4)", "LSTM(6, 4, num_layers=2)",
        "LSTM(6, 4, direction='bidirect', num_layers=2)", "LSTM(6, 4, time_major=True)", "GRU(6, 4)",
        "GRU(6, 4, direction='bidirectional')", "GRU(6, 4, num_layers=2, dropout=0.5)", "SimpleRNN(6, 4, direction='bidirect')",
        "RNN(paddle.nn.LSTMCell(6, 4))", "RNN(paddle.nn.GRUCell(6, 4), is_reverse=True)", "RNN(paddle.nn.SimpleRNNCell(6, 4), time_major=True)",
        "BiRNN(paddle.nn.GRUCell(6, 4), paddle.nn.GRUCell(6, 4))", "LSTM(6, 4, direction='backward')",
        "MultiHeadAttention(6, 2)", "MultiHeadAttention(6, 2, need_weights=True)", "MultiHeadAttention(6, 4)",
        "TransformerEncoderLayer(6, 2, 8)", "TransformerEncoderLayer(6, 2, 8, activation='gelu', normalize_before=True)",
        "TransformerEncoder(paddle.nn.TransformerEncoderLayer(6, 3, 8), 2, paddle.nn.LayerNorm(6))")],
    row("paddle.nn.GRU(6, 4)", x=SEQUENCE, h=f32(1, 3, 4), rtol=1e-4, atol=1e-5),
    row("paddle.nn.MultiHeadAttention(6, 2, kdim=4, vdim=5)", q=f32(2, 3, 6), k=f32(2, 5, 4), v=f32(2, 5, 5), rtol=1e-4),
    row("paddle.nn.TransformerDecoderLayer(6, 2, 8)", t=f32(2, 3, 6), m=f32(2, 5, 6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.TransformerDecoder(paddle.nn.TransformerDecoderLayer(6, 2, 8, normalize_before=True), 2)", t=f32(2, 3, 6),
        m=f32(2, 5, 6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.Transformer(6, 2, 1, 1, 8)", s=f32(2, 4, 6), t=f32(2, 3, 6), rtol=1e-4, atol=1e-5),
    row("paddle.nn.TransformerEncoderLayer(6, 2, 8)", x=f32(2, 4, 6), m=i64(2, 1, 1, 4, low=0, high=2), rtol=1e-4, atol=1e-5),
    row("paddle.nn.TransformerEncoderLayer(6, 2, 8)", x=f32(2, 4, 6), m=f32(4, 4), rtol=1e-4, atol=1e-5),
]  # fmt: skip

NAMES = [
    row(f"[[k, v.shape] for k, v in paddle.nn.{layer}.state_dict().items()]")
    for layer in (
        "LSTM(3, 4, 2, 'bidirect')", "GRU(3, 4)", "BiRNN(paddle.nn.LSTMCell(3, 4), paddle.nn.LSTMCell(3, 4))", "PReLU()",
        "MultiHeadAttention(8, 2)", "SpectralNorm([3, 4])", "InstanceNorm2D(3)", "SyncBatchNorm(3)", "BatchNorm(3)", "BatchNorm1D(3)",
        "Bilinear(2, 3, 4)", "Transformer(4, 2, 1, 1, 8)", "Conv2DTranspose(2, 4, 3, groups=2)", "Conv2D(2, 4, 3, groups=2)",
        "Sequential(('a', paddle.nn.Linear(2, 3)), ('b', paddle.nn.LayerNorm(3)))", "GroupNorm(2, 4, weight_attr=False)",
        "Embedding(3, 4)", "ParameterList([paddle.create_parameter([2], 'float32')])", "LayerNorm([2, 3])",
        "BatchNorm2D(3, weight_attr=False)", "Linear(2, 3, bias_attr=False)",
    )
] + [
    row(f"repr(paddle.nn.{layer})")
    for layer in (
        "Linear(2, 3)", "Conv2D(2, 4, 3, stride=2, padding=1, groups=2)", "BatchNorm2D(3)", "LayerNorm(3)", "Dropout(0.2)", "Embedding(3, 4)",
        "GroupNorm(2, 4)", "ReLU()", "Sequential(paddle.nn.Linear(2, 3), paddle.nn.Tanh())", "LayerList([paddle.nn.Linear(2, 3)])",
        "MaxPool2D(2)", "AvgPool2D(2)", "AdaptiveAvgPool2D(1)", "LeakyReLU()", "Softmax()", "GELU()", "Upsample(scale_factor=2)", "Pad2D(1)", "Flatten()",
        "Conv2DTranspose(2, 4, 3)", "Identity()", "PixelShuffle(2)", "InstanceNorm2D(3)", "Unfold(2)", "Hardtanh()",
    )
]  # fmt: skip

ROWS = SIMPLE + IMAGES + OTHERS + NAMES
