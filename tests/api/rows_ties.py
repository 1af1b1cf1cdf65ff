"""Where a gradient is a convention: ties, kinks, edges and zeros."""

# ruff: noqa: E501

from rows import f32, row

# The gradient of a passes through tensors of the given values.
LINE = "(a - a.detach() + paddle.to_tensor([-1.0, 0.0, 2.0, 2.0, 0.0, 6.0]))"
PLANE = "(a - a.detach() + paddle.to_tensor([[2.0, 0.0, 2.0], [0.0, 0.0, 0.0]]))"
OTHER = "(b - b.detach() + paddle.to_tensor([[2.0, 1.0, 0.0], [0.0, -1.0, 0.0]]))"
IMAGE = "(a - a.detach() + paddle.to_tensor([1.0, 2.0] * 18).reshape([1, 2, 3, 6]).floor())"
EQUAL = "(a - a.detach() + 0.5)"

ROWS = [
    *[
        row(f"paddle.nn.functional.{call.replace('LINE', LINE)}", a=f32(6))
        for call in (
            "relu(LINE)", "relu6(LINE)", "leaky_relu(LINE)", "elu(LINE)", "celu(LINE)", "selu(LINE)", "hardtanh(LINE, 0, 2)",
            "hardsigmoid(LINE - 3)", "hardsigmoid(LINE + 3)", "hardswish(LINE - 3)", "hardshrink(LINE, 2.0)",
            "softshrink(LINE, 2.0)", "thresholded_relu(LINE, 2.0)", "softplus(LINE, 1, 2)", "softsign(LINE)", "prelu(LINE, paddle.to_tensor([0.2]))",
            "l1_loss(LINE, paddle.zeros([6]))", "smooth_l1_loss(LINE, paddle.zeros([6]), delta=2.0)", "maxout(LINE.reshape([1, 6, 1, 1]), 2)",
            "hinge_embedding_loss(LINE, paddle.to_tensor([1., -1., -1., 1., 1., -1.]), 2.0)", "softmax(LINE)", "normalize(LINE * 0, axis=0)",
            "margin_ranking_loss(LINE, paddle.zeros([6]), paddle.ones([6]))",
        )
    ],
    *[
        row(f"paddle.{call.replace('LINE', LINE)}", a=f32(6))
        for call in (
            "abs(LINE)", "sign(LINE)", "square(LINE)", "sqrt(LINE + 1)", "rsqrt(LINE + 1)", "reciprocal(LINE)", "log(LINE + 1)",
            "clip(LINE, 0, 2)", "clip(LINE, min=2.0)", "pow(LINE, 2)", "pow(LINE, 0)", "pow(LINE, 0.5)", "pow(LINE, 1)",
            "max(LINE)", "min(LINE)", "amax(LINE)", "amin(LINE)", "sort(LINE)", "topk(LINE, 3)", "kthvalue(LINE, 3)", "median(LINE)",
            "nanmedian(LINE)", "prod(LINE)", "cumprod(LINE, 0)", "cummax(LINE)", "cummin(LINE)", "mode(LINE)", "logsumexp(LINE)",
            "norm(LINE, p=1)", "norm(LINE, p=float('inf'))", "norm(LINE * 0)", "norm(LINE * 0, p=1)", "norm(LINE * 0, p=3)",
            "std(LINE * 0)", "var(LINE * 0)", "asin(LINE / 6)", "acos(LINE / 6)", "acosh(LINE + 1)", "atanh(LINE / 6)", "tan(LINE)", "round(LINE)",
            "floor(LINE)", "frac(LINE)", "trunc(LINE)", "quantile(LINE, 0.5)", "nansum(LINE / 0)", "nan_to_num(LINE / 0)", "lgamma(LINE)",
            "where(LINE > 0, LINE.log(), LINE)", "diff(LINE).abs()",
        )
    ],
    *[
        row(f"paddle.{call.replace('PLANE', PLANE).replace('OTHER', OTHER)}", a=f32(2, 3), b=f32(2, 3))
        for call in (
            "maximum(PLANE, OTHER)", "minimum(PLANE, OTHER)", "fmax(PLANE, OTHER)", "fmin(PLANE, OTHER)", "atan2(PLANE, OTHER)",
            "hypot(PLANE, OTHER)", "dist(PLANE, PLANE)", "dist(PLANE, OTHER, 1)", "cdist(PLANE, OTHER)", "divide(PLANE, OTHER)", "remainder(PLANE, OTHER)",
            "max(PLANE, axis=1)", "min(PLANE, axis=0)", "amax(PLANE, axis=1)", "amin(PLANE, axis=0)", "prod(PLANE, axis=1)", "cumprod(PLANE, 1)",
            "std(PLANE, axis=1)", "norm(PLANE, axis=1)", "norm(PLANE, p=1, axis=1)", "sort(PLANE, axis=1, descending=True)", "topk(PLANE, 2, axis=0)",
            "nn.functional.cosine_similarity(PLANE, OTHER)", "logaddexp(PLANE, OTHER)", "pow(PLANE, OTHER)", "median(PLANE, axis=1)",
        )
    ],
    *[
        row(f"paddle.nn.functional.{call.replace('IMAGE', IMAGE).replace('EQUAL', EQUAL)}", a=f32(1, 2, 3, 6))
        for call in (
            "max_pool2d(IMAGE, 2)", "max_pool2d(EQUAL, 3, 1, 1)", "adaptive_max_pool2d(EQUAL, 2)", "max_pool2d(EQUAL, 2, return_mask=True)",
            "instance_norm(EQUAL)", "local_response_norm(EQUAL, 3)", "interpolate(IMAGE, size=[5, 4], mode='bilinear', align_corners=True)",
        )
    ],
]  # fmt: skip
