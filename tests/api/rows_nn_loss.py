"""Losses: soft and hard labels, weights, ignored labels, axes, reductions, and the layers' arguments."""

# ruff: noqa: E501

from rows import f32, f64, i32, i64, row

SCORES, CLASSES, WEIGHTS = f32(6, 5), i64(6), f32(5, low=0.1)
A, B = f32(3, 4, low=0.05, high=0.95), f32(3, 4, low=0.05, high=0.95)

HARD = [
    row(f"paddle.nn.functional.cross_entropy(x, y, {options})", x=SCORES, y=CLASSES, w=WEIGHTS)
    for options in (
        "w, 3, 'sum'", "w, ignore_index=0, reduction='mean'", "w, ignore_index=0, reduction='none'", "weight=w, use_softmax=False",
        "label_smoothing=0.2, weight=w", "label_smoothing=0.2, reduction='none'", "label_smoothing=0.1, reduction='sum', weight=w",
        "ignore_index=-1", "ignore_index=7", "axis=-1, reduction='none'", "axis=0", "axis=2", "soft_label=True", "w[:3]",
        "ignore_index=0, label_smoothing=0.1",
    )
] + [
    row(f"paddle.nn.functional.cross_entropy(x, y, {options})", x=f32(2, 3, 4, 5), y=i64(2, 3, 5, high=4), w=f32(4, low=0.1))
    for options in ("axis=2", "w, axis=2, ignore_index=1, reduction='sum'", "axis=-2, reduction='none'", "w, axis=2", "axis=2, label_smoothing=0.1")
] + [
    row("paddle.nn.functional.cross_entropy(x, y * 0 - 100)", x=SCORES, y=CLASSES),
    row("paddle.nn.functional.cross_entropy(x, y * 0 - 100, reduction='none')", x=SCORES, y=CLASSES),
    row("paddle.nn.functional.cross_entropy(x, y)", x=SCORES, y=f32(6, low=0, high=4)),
    row("paddle.nn.functional.cross_entropy(x, y)", x=SCORES, y=i64(5)),
    row("paddle.nn.functional.cross_entropy(x, y)", x=SCORES, y=i64(6, low=5, high=9)),
    row("paddle.nn.functional.cross_entropy(x, y)", x=f32(5), y=i64(1)),
    row("paddle.nn.functional.cross_entropy(x, y, axis=1)", x=f32(2, 5, 3, 4), y=i32(2, 3, 4)),
]  # fmt: skip

SOFT = [
    row(f"paddle.nn.functional.cross_entropy(x, y, soft_label=True{options})", x=f32(4, 3, 5), y=f32(4, 3, 5, low=0), w=WEIGHTS)
    for options in (
        "", ", reduction='none'", ", axis=1", ", axis=1, reduction='none'", ", axis=0, reduction='sum'", ", weight=w", ", weight=w, reduction='none'",
        ", weight=w, reduction='sum'", ", label_smoothing=0.3, weight=w", ", use_softmax=False", ", label_smoothing=0.3, reduction='sum'",
    )
] + [
    row(f"paddle.nn.functional.cross_entropy(paddle.nn.functional.softmax(x), y, use_softmax=False{options})", x=SCORES, y=y, w=WEIGHTS)
    for options, y in ((", soft_label=True", f32(6, 5, low=0)), (", weight=w, reduction='none'", CLASSES), (", ignore_index=1", CLASSES), (", label_smoothing=0.1", CLASSES))
]  # fmt: skip

WITH_SOFTMAX = [
    row(f"paddle.nn.functional.softmax_with_cross_entropy(x, y, {options})", x=f32(2, 5, 3), y=y)
    for options, y in (
        ("axis=1", i64(2, 1, 3)), ("axis=1, ignore_index=2", i64(2, 1, 3)), ("numeric_stable_mode=False", i64(2, 5, 1, high=3)),
        ("True, axis=1, return_softmax=True", f32(2, 5, 3, low=0)), ("axis=-1, ignore_index=0", i64(2, 5, 1, high=3)), ("axis=-1", i32(2, 5, high=3)),
    )
]  # fmt: skip

PAIRS = [
    row(f"paddle.nn.functional.{call}", x=A, y=B)
    for call in (
        "binary_cross_entropy(x, y, x * 2, 'none')", "binary_cross_entropy(x, y, weight=y)", "binary_cross_entropy(x, y, reduction='other')",
        "binary_cross_entropy_with_logits(x, y, x, 'sum', y * 3)", "binary_cross_entropy_with_logits(x, y, reduction='none', pos_weight=y[0])",
        "l1_loss(x, y, reduction='sum')", "mse_loss(x, y, 'none')", "mse_loss(x, y, 'other')", "smooth_l1_loss(x, y, 'mean', 0.1)",
        "smooth_l1_loss(x * 9, y, 'none', 2.0)", "kl_div(x, y, 'sum')", "kl_div(x, y - 0.5, reduction='none')",
        "poisson_nll_loss(x, y * 5, False, True, 1e-2, 'none')", "poisson_nll_loss(x, y * 5, epsilon=0)", "poisson_nll_loss(x, y * 5, full=True)",
        "sigmoid_focal_loss(x, y, alpha=-0.5, reduction='none')", "sigmoid_focal_loss(x, y, gamma=0, reduction='none')",
        "gaussian_nll_loss(x, y, x, epsilon=0.4)", "gaussian_nll_loss(x, y, x[:, 0], reduction='sum')",
        "gaussian_nll_loss(x, y, x[:, :1], True)", "multi_label_soft_margin_loss(x, y, x, 'sum')", "margin_ranking_loss(x, y, x - y, 0.2, 'sum')",
        "soft_margin_loss(x, paddle.sign(y - 0.5), 'sum')", "hinge_embedding_loss(x, paddle.sign(y - 0.5), 0.3, 'sum')",
        "cosine_embedding_loss(x, y, paddle.sign(y[:, 0] - 0.5), 0.3, 'sum')", "cosine_embedding_loss(x, y, paddle.sign(y - 0.5))",
        "triplet_margin_loss(x, y, x * y, 0.5, 3, 1e-3, True, 'sum')", "triplet_margin_loss(x, y, x * y, margin=-1)",
        "triplet_margin_with_distance_loss(x, y, x * y, distance_function=lambda a, b: (a - b).abs().sum(-1), swap=True, reduction='none')",
        "triplet_margin_with_distance_loss(x, y, x * y, lambda a, b: ((a - b) ** 2).mean(-1), 0.2)",
        "pairwise_distance(x, y, 3.0, 1e-2, True)", "pairwise_distance(x, y, float('inf'))", "pairwise_distance(x, y, 0)",
        "log_loss(x[:, :1], y[:, :1], 0.1)", "square_error_cost(x, y)", "l1_loss(x, y[0])", "mse_loss(x, y[0])",
    )
]  # fmt: skip

CLASSIFIED = [
    row(f"paddle.nn.functional.{call}", x=SCORES, y=CLASSES, w=WEIGHTS)
    for call in (
        "nll_loss(x, y, w)", "nll_loss(x, y, w, 2, 'sum')", "nll_loss(x, y, w, reduction='none')", "nll_loss(x, y, ignore_index=1, reduction='none')",
        "multi_margin_loss(x, y, 2, 0.5, w, 'sum')", "multi_margin_loss(x, y, p=2)", "npair_loss(x, x * 2, y, l2_reg=0.5)",
        "dice_loss(paddle.nn.functional.softmax(x), y.unsqueeze(-1), epsilon=0.1)", "nll_loss(x, y, reduction='other')", "nll_loss(x, y.astype('float32'))",
    )
] + [
    row("paddle.nn.functional.nll_loss(x, y, w, 1, 'none')", x=f32(2, 5, 3, 2), y=i64(2, 3, 2), w=WEIGHTS),
    row("paddle.nn.functional.nll_loss(x, y, w)", x=f32(2, 5, 3), y=i64(2, 3), w=WEIGHTS),
    *[
        row(f"paddle.nn.{call}", x=f32(9, 3, 6), y=i32(3, 4, low=1), n=i64(3, low=7, high=9), m=i64(3, low=2, high=4), rtol=1e-4)
        for call in ("CTCLoss(blank=5)", "CTCLoss(reduction='none')", "CTCLoss(0, 'sum')", "CTCLoss()(x, y, n, m, norm_by_times=True)")
    ],
    row("paddle.nn.functional.ctc_loss(x, y, n, m)", x=f64(9, 3, 6), y=i32(3, 4, low=1), n=i64(3, low=7, high=9), m=i64(3, low=2, high=4)),
]  # fmt: skip

LAYERS = [
    row(f"paddle.nn.{call}", x=SCORES, y=CLASSES)
    for call in (
        "CrossEntropyLoss(reduction='sum', label_smoothing=0.1)", "CrossEntropyLoss(use_softmax=False)", "CrossEntropyLoss(axis=-1, ignore_index=2)",
        "CrossEntropyLoss(paddle.arange(1, 6, dtype='float32'), 1, 'sum')", "NLLLoss(paddle.arange(1, 6, dtype='float32'))", "NLLLoss(ignore_index=1, reduction='none')",
        "NLLLoss(reduction='sum')", "MultiMarginLoss(2, 0.5, reduction='none')", "MultiMarginLoss(weight=paddle.arange(1, 6, dtype='float32'))",
    )
] + [
    row("paddle.nn.CrossEntropyLoss(soft_label=True, axis=1, reduction='none')", x=f32(4, 3, 5), y=f32(4, 3, 5, low=0)),
    row("paddle.nn.CrossEntropyLoss(axis=1)", x=f32(2, 5, 3), y=i64(2, 3)),
] + [
    row(f"paddle.nn.{call}", x=A, y=B)
    for call in (
        "BCELoss(reduction='none')", "BCELoss(paddle.arange(4, dtype='float32'), 'sum')", "BCEWithLogitsLoss(reduction='sum')",
        "BCEWithLogitsLoss(paddle.arange(4, dtype='float32'), 'none', paddle.arange(1, 5, dtype='float32'))", "MSELoss('sum')", "L1Loss('none')",
        "SmoothL1Loss('sum', 0.3)", "SmoothL1Loss(delta=2.0)", "KLDivLoss('batchmean')", "KLDivLoss('none')", "PoissonNLLLoss(False, True, 1e-3, 'sum')",
        "MultiLabelSoftMarginLoss(paddle.arange(4, dtype='float32'), 'none')", "SoftMarginLoss('none')", "HingeEmbeddingLoss(0.4, 'none')",
        "PairwiseDistance(p=1.0, epsilon=1e-2, keepdim=True)", "CosineSimilarity(axis=0, eps=1e-2)",
    )
] + [
    row(f"paddle.nn.{call}", a=A, b=B, c=f32(3, 4, low=0.2))
    for call in (
        "TripletMarginLoss(0.3, 3, 1e-3, True, 'none')", "TripletMarginWithDistanceLoss(lambda a, b: (a - b).abs().sum(-1), 0.4, True, 'sum')",
        "GaussianNLLLoss(True, 0.5, 'none')", "MarginRankingLoss(0.3, 'sum')",
    )
] + [
    row("paddle.nn.CosineEmbeddingLoss(margin=0.2, reduction='sum')", a=f32(3, 4), b=f32(3, 4), y=i64(3, low=1, high=2)),
    row("paddle.nn.CosineEmbeddingLoss()(a, b, 1 - 2 * y)", a=f32(3, 4), b=f32(3, 4), y=i64(3, high=2)),
]  # fmt: skip

STEPS, LABELS, OF_STEPS, OF_LABELS = f32(3, 4, 4, 5), i32(3, 3, low=1), i32(3, low=2, high=5), i32(3, low=1, high=4)
TRANSDUCED = [
    row(f"paddle.nn.{call}", x=STEPS, y=LABELS, n=OF_STEPS, m=OF_LABELS, rtol=1e-4)
    for call in (
        "functional.rnnt_loss(x, y, n, m)", "functional.rnnt_loss(x, y, n, m, reduction='none')", "functional.rnnt_loss(x, y, n, m, 0, 0.5, 'sum')",
        "functional.rnnt_loss(x, y % 4, n, m, blank=4, fastemit_lambda=0.0)", "RNNTLoss()", "RNNTLoss(fastemit_lambda=0.2, reduction='none')", "RNNTLoss(0, 0.0, 'sum')",
        "RNNTLoss(blank=2)(x, y * 0 + 1, n, m)",
    )
]  # fmt: skip

TREES = [
    row(f"paddle.nn.functional.hsigmoid_loss(x, y, {options})", x=f32(6, 4), y=CLASSES, w=f32(9, 4), b=f32(9, 1), rtol=1e-4)
    for options in ("10, w", "num_classes=10, weight=w, bias=b", "10, w, b, is_sparse=True", "5, w[:4], b[:4, 0]", "1, w")
] + [
    row("paddle.nn.functional.hsigmoid_loss(x, y, 5, w, b, t, c)", x=f32(3, 4), y=i64(3), w=f32(5, 4), b=f32(5, 1), t=i64(3, 3), c=i64(3, 3, high=2), rtol=1e-4),
    row("paddle.nn.functional.hsigmoid_loss(x, y, 5, w, path_table=t - 1, path_code=c)", x=f32(3, 4), y=i64(3), w=f32(5, 4), t=i64(3, 3), c=i64(3, 3, high=2), rtol=1e-4),
    row("paddle.nn.HSigmoidLoss(4, 7)", x=f32(6, 4), y=i64(6, 1), rtol=1e-4), row("paddle.nn.HSigmoidLoss(4, 7, bias_attr=False, is_sparse=True)", x=f32(6, 4), y=i64(6), rtol=1e-4),
    row("paddle.nn.HSigmoidLoss(4, 5, is_custom=True)", x=f32(3, 4), y=i64(3), t=i64(3, 3), c=i64(3, 3, high=2), rtol=1e-4),
    row("[[p, p.stop_gradient] for p in paddle.nn.HSigmoidLoss(2, 3, weight_attr=paddle.nn.initializer.Constant(0.2)).parameters()]"),
    row("paddle.nn.HSigmoidLoss(4, 1)", x=f32(6, 4), y=i64(6)),
    # As many samples as the labels have classes: no chance is left.
    row("paddle.nn.functional.class_center_sample(paddle.to_tensor([11, 5, 1, 3, 12, 2, 15, 19, 18, 19]), 20, num_samples=6)"),
    row("[s := paddle.nn.functional.class_center_sample(paddle.to_tensor([4, 2, 4]), 5, 5), s[0], s[1][:2], s[1].sort()][1:]"), row("paddle.nn.functional.class_center_sample(paddle.to_tensor([4, 2, 4]), 5, 7)"),
    row("[len(paddle.nn.functional.class_center_sample(paddle.to_tensor([4, 2, 4]), 50, n)[1]) for n in (2, 3, 20)]"),
]  # fmt: skip

ROWS = [*TRANSDUCED, *TREES, *HARD, *SOFT, *WITH_SOFTMAX, *PAIRS, *CLASSIFIED, *LAYERS]
