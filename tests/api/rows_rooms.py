"""The small rooms: metric, distribution, utils, static.nn, dtypes' limits, one process."""

from rows import f32, f64, i64, row

_HITS = "np.array([[1, 0], [0, 1], [0, 0]], 'float32')"
_SCORES, _LABELS = "np.array([0.1, 0.5, 0.6, 0.7])", "np.array([0, 1, 1, 1])"
_PAIRS = "np.array([[0.9, 0.1], [0.5, 0.5], [0.4, 0.6], [0.3, 0.7], [0.3, 0.7]])"

ROWS = [
    row("paddle.metric.accuracy(a, b)", a=f32(6, 4), b=i64(6, 1, high=4)),
    row("paddle.metric.accuracy(a, b, k=2)", a=f32(6, 4), b=i64(6, 1, high=4)),
    row("paddle.metric.accuracy(a, b, 4)", a=f32(6, 4), b=i64(6, 1, high=4)),
    row("paddle.metric.accuracy(a, b)", a=f32(6, 4), b=i64(6, high=4)),
    row("paddle.metric.Accuracy((1, 2)).compute(a, b)", a=f32(5, 4), b=i64(5, 1, high=4)),
    row("paddle.metric.Accuracy().compute(a, b)", a=f32(5, 4), b=i64(5, high=4)),
    row("paddle.metric.Accuracy((2,)).compute(a, b)", a=f32(5, 4), b=i64(5, 4, high=2)),
    row("paddle.metric.Accuracy((1, 3)).compute(a, b)", a=f32(2, 5, 4), b=i64(2, 5, 1, high=4)),
    *[
        row(f"(lambda m: [m.update({_HITS}), m.update({_HITS}[:1]), m.accumulate(), m.name(), m.reset(), "
            "m.accumulate()])"
            f"(paddle.metric.Accuracy({arguments}))")
        for arguments in ("", "(1, 2)", "topk=(2,)", "name='top'", "(1, 2), 'top'")
    ],
    *[
        row(f"(lambda m: [m.update({_SCORES}, {labels}), m.accumulate(), m.update({_SCORES}[1:3], {labels}[:2]), "
            f"m.accumulate(), m.name(), m.reset(), m.accumulate()][1:])(paddle.metric.{metric})")
        for metric in ("Precision()", "Precision('p')", "Recall()", "Recall(name='r')")
        for labels in (_LABELS, f"{_LABELS}[::-1]", "np.zeros([4], 'int64')")
    ],
    *[
        row(f"(lambda m: [m.update({_PAIRS}, {labels}), m.accumulate(), m.name(), m.reset(), m.accumulate()][1:])"
            f"(paddle.metric.{metric})")
        for metric in ("Auc()", "Auc('ROC', 3, 'area')", "Auc(num_thresholds=100)")
        for labels in ("np.array([[0], [1], [0], [1], [0]])", "np.zeros([5, 1])")
    ],
    *[
        row(f"paddle.distribution.Normal(a, b).{member}", a=f32(3), b=f32(3, low=0.5, high=2), c=f32(2, 3))
        for member in ("log_prob(c)", "prob(c)", "probs(c)", "log_prob(value=c)",
                       "kl_divergence(paddle.distribution.Normal(c, b))")
    ],
    *[
        row(f"paddle.distribution.Normal(a, b).{member}", a=f32(3), b=f32(3, low=0.5, high=2))
        for member in ("entropy()", "mean", "variance", "loc", "scale", "batch_shape")
    ],
    row("paddle.distribution.Normal(loc=0.5, scale=2).log_prob(a)", a=f32(2, 3)),
    row("paddle.distribution.Normal([0.5, 1], np.array([1.0, 2.0])).log_prob(a)", a=f64(3, 2)),
    row("paddle.distribution.kl_divergence(paddle.distribution.Normal(0.0, 1.0), paddle.distribution.Normal(a, b))",
        a=f32(3), b=f32(3, low=0.5, high=2)),
    row("paddle.distribution.Normal(a, 1.0)", a=f32(3)),
    row("paddle.distribution.Normal('a', 1.0)"),
    row("[list(paddle.distribution.Normal([0.0, 1.0], [1.0, 2.0]).sample(s).shape) for s in ([], [3], [2, 3])]"),
    row("[list(paddle.distribution.Normal(0.0, 1.0).rsample(s).shape) for s in ([], [3], [2, 3])]"),
    row("paddle.utils.map_structure(lambda x, y: x + y, {'b': [a, (b,)], 'a': a}, {'b': [b, (a,)], 'a': a})",
        a=f32(2), b=f32(2)),
    row("paddle.utils.flatten({'b': [a, (b,)], 'a': [b]})", a=f32(2), b=f32(3)),
    row("paddle.utils.pack_sequence_as([1, (2, 3)], [a, b, a])", a=f32(2), b=f32(3)),
    row("paddle.utils.pack_sequence_as([1, (2, 3)], [1, 2])"),
    row("[paddle.utils.flatten(3), paddle.utils.to_sequence(3), paddle.utils.is_sequence('ab')]"),
    row("paddle.static.nn.cond(paddle.to_tensor([True]), lambda: a + 1, lambda: a)", a=f32(2)),
    row("paddle.static.nn.cond(paddle.to_tensor(0.0), true_fn=lambda: a + 1, false_fn=lambda: [a, a * 2])", a=f32(2)),
    row("paddle.static.nn.cond(paddle.to_tensor(1), 2, 2)"),
    row("paddle.static.nn.cond(True, lambda: 1, lambda: 2)"),
    row("paddle.static.nn.while_loop(lambda i, x: i < 3, lambda i, x: [i + 1, x * 2], [paddle.to_tensor(0), a])",
        a=f32(2)),
    row("paddle.static.nn.while_loop(lambda x: paddle.to_tensor(False), lambda x: x, [])"),
    row("paddle.static.nn.while_loop(lambda i, x: i < 3, lambda i, x: [i + 1], "
        "[paddle.to_tensor(0), paddle.ones([2])])"),
    row("paddle.static.nn.case([(paddle.to_tensor(False), lambda: a), (paddle.to_tensor(True), lambda: a * 2)])",
        a=f32(2)),
    row("paddle.static.nn.case([(paddle.to_tensor(False), lambda: a)], default=lambda: a * 3)", a=f32(2)),
    row("paddle.static.nn.case([(paddle.to_tensor(False), lambda: a), (paddle.to_tensor(False), lambda: a * 2)])",
        a=f32(2)),
    *[
        row(f"paddle.static.nn.switch_case(paddle.to_tensor([{index}]), {functions})", a=f32(2))
        for index in (1, 7)
        for functions in (
            "{1: lambda: a, 2: lambda: a * 2}",
            "[lambda: a, lambda: a * 2]",
            "[(0, lambda: a), (1, lambda: a * 2)], default=lambda: a * 3",
        )
    ],
    row("paddle.distributed.fleet.utils.recompute(lambda x, y=1: x * y, a, y=3, "
        "preserve_rng_state=False, use_reentrant=False)", a=f32(2)),
    row("[paddle.distributed.get_world_size(), paddle.distributed.get_rank(), paddle.distributed.is_initialized()]"),
    row("[getattr(paddle.finfo(d), n) for d in ('float16', 'float32', 'float64', paddle.bfloat16, paddle.complex64) "
        "for n in ('min', 'max', 'eps', 'tiny', 'smallest_normal', 'bits', 'dtype')]"),
    row("[getattr(paddle.iinfo(d), n) for d in ('uint8', 'int8', 'int16', paddle.int32, 'int64') "
        "for n in ('min', 'max', 'bits', 'dtype')]"),
    row("paddle.finfo('int32')"),
    row("paddle.iinfo('float32')"),
    row("[paddle.version.full_version, paddle.version.major, paddle.version.minor, paddle.version.patch]"),
    row("[paddle.common_ops_import.convert_dtype(d) for d in ('float32', paddle.int64, 'bool', np.float64)]"),
    row("[p for p in [list(paddle.DataParallel(paddle.nn.Linear(2, 3)).state_dict())]]"),
    row("paddle.DataParallel(paddle.nn.Linear(2, 3))", a=f32(4, 2)),
]  # fmt: skip
