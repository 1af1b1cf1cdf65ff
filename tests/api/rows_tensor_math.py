"""Arithmetic, element-wise functions, reductions and running totals."""

from rows import boolean, f32, f64, i32, i64, row

UNARY = "abs ceil cos cosh erf exp expm1 floor sin sinh sign sgn square tan tanh asin asinh acos atan atanh neg"
POSITIVE = "log log2 log10 log1p sqrt rsqrt reciprocal acosh digamma lgamma i0 i0e i1 i1e frac trunc round"
BINARY = "add subtract multiply divide floor_divide remainder mod floor_mod maximum minimum fmax fmin"

ROWS = [
    *[row(f"paddle.{name}(a)", a=f32(2, 3, low=-0.9, high=0.9)) for name in UNARY.split()],
    *[row(f"paddle.{name}(a)", a=f32(2, 3, low=1.1, high=4), rtol=1e-4) for name in POSITIVE.split()],
    *[row(f"paddle.{name}(a)", a=i32(2, 3, low=1, high=9)) for name in "exp log log1p log2 log10 expm1".split()],
    *[row(f"paddle.{name}(a)", a=i64(2, 3, low=-9, high=9)) for name in "abs square sign neg deg2rad rad2deg".split()],
    *[
        row(f"paddle.{name}(a)", a=f32(2, 3))
        for name in "erfinv deg2rad rad2deg angle conj isnan isinf isfinite".split()
    ],
    *[row(f"paddle.{name}(a / 0)", a=f32(2, 3)) for name in "isnan isinf isfinite nan_to_num".split()],
    row("paddle.round(paddle.to_tensor([0.5, 1.5, 2.5, -0.5, -1.5, -2.5]))"),
    row("a.sigmoid()", a=f32(3)),
    *[row(f"paddle.{name}(a, b)", a=f32(2, 3), b=f32(3)) for name in BINARY.split()],
    *[
        row(f"paddle.{name}(a, b)", a=f32(2, 3), b=f32(2, 3))
        for name in "atan2 hypot logaddexp heaviside nextafter".split()
    ],
    *[
        row(f"paddle.{name}(a, b)", a=i64(2, 3, low=-9, high=9), b=i64(3, low=1, high=5))
        for name in "add subtract multiply divide floor_divide remainder gcd lcm ldexp maximum".split()
    ],
    row("paddle.add(a, b)", a=f32(2, 3), b=f64(2, 3)),
    row("paddle.subtract(a, b)", a=f64(2, 3), b=f32(3)),
    row("paddle.pow(a, 2.5)", a=f32(2, 3, low=0.5, high=2)),
    row("paddle.pow(a, 2)", a=f32(2, 3)),
    row("paddle.pow(a, 2.5)", a=i64(2, 3)),
    row("paddle.pow(a, b)", a=f32(2, 3, low=0.5, high=2), b=f32(3)),
    row("paddle.pow(a, a)", a=i64(2, 3)),
    row("paddle.scale(a, 2.0, 1.5)", a=f32(2, 3)),
    row("paddle.scale(a, 2.0, 1.5, False)", a=f32(2, 3)),
    row("paddle.scale(a, 2.0, 1.5, act='relu')", a=f32(2, 3)),
    row("paddle.scale(a, 2.5, 0.7)", a=i64(2, 3)),
    row("paddle.scale(a, b)", a=f32(2, 3), b=f32(1)),
    row("paddle.clip(a, -0.3, 0.4)", a=f32(2, 3)),
    row("paddle.clip(a, min=0)", a=f32(2, 3)),
    row("paddle.clip(a, max=0.2)", a=f32(2, 3)),
    row("paddle.clip(a, 2, 1)", a=f32(2, 3)),
    row("paddle.clip(a)", a=f32(2, 3)),
    row("paddle.clip(a, 0.5, 2.5)", a=i64(2, 3)),
    row("paddle.clip(a, b, b + 1)", a=f32(2, 3), b=f32(1)),
    row("paddle.lerp(a, b, 0.3)", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.lerp(a, b, c)", a=f32(2, 3), b=f32(2, 3), c=f32(2, 3)),
    row("paddle.stanh(a)", a=f32(2, 3)),
    row("paddle.logit(a)", a=f32(2, 3, low=0.1, high=0.9)),
    row("paddle.logit(a, 1e-6)", a=f32(2, 3, low=-1, high=2)),
    row("paddle.nan_to_num(a / 0, nan=1.0, posinf=2.0)", a=f32(2, 3)),
    row("paddle.polygamma(a, 1)", a=f32(3, low=1, high=3), rtol=1e-4),
    row("paddle.multigammaln(a, 2)", a=f32(3, low=3, high=5), rtol=1e-4),
    row("paddle.renorm(a, 2.0, 0, 1.0)", a=f32(2, 3, low=0, high=5)),
    row("paddle.increment(a, 2.0)", a=f32(1)),
    row("paddle.increment(a)", a=i64(1)),
    row("paddle.increment(a)", a=f32(2)),
    row("paddle.add_n([a, b, a])", a=f32(2, 3), b=f32(2, 3)),
    row("paddle.add_n(a)", a=f32(2, 3)),
    row("paddle.multiplex([a, b], c)", a=f32(2, 3), b=f32(2, 3), c=i32(2, 1, high=2)),
    row("paddle.broadcast_shape([2, 1, 3], [4, 1])"),
    row("paddle.take(a, b)", a=f32(2, 3), b=i64(4)),
    row("paddle.take(a, b, mode='wrap')", a=f32(2, 3), b=i64(4, low=-20, high=20)),
    row("paddle.take(a, b, mode='clip')", a=f32(2, 3), b=i64(4, low=-20, high=20)),
    row("paddle.combinations(a, 2)", a=f32(4)),
    row("paddle.vander(a, 3, increasing=True)", a=f32(4)),
    row("paddle.vander(a)", a=f32(3)),
    row("paddle.diff(a)", a=i32(2, 3)),
    row("paddle.diff(a, n=2, axis=0)", a=f32(4, 3)),
    row("paddle.diff(a, prepend=b)", a=f32(2, 3), b=f32(2, 1)),
    row("paddle.trapezoid(a)", a=f32(2, 3)),
    row("paddle.trapezoid(a, dx=2.0, axis=0)", a=f32(2, 3)),
    row("paddle.trapezoid(a, b)", a=f32(2, 3), b=f32(3)),
    row("paddle.cumulative_trapezoid(a)", a=f32(2, 3)),
    row("paddle.frexp(a)", a=f32(2, 3, low=0.1, high=9)),
    row("paddle.ldexp(a, b)", a=f32(3), b=i32(3)),
    row("paddle.inner(a, b)", a=f32(2, 3), b=f32(4, 3)),
    row("paddle.outer(a, b)", a=f32(2, 2), b=f32(3)),
    row("paddle.kron(a, b)", a=f32(2, 2), b=f32(2, 3)),
    row("paddle.addmm(c, a, b, beta=0.5, alpha=2.0)", a=f32(2, 3), b=f32(3, 4), c=f32(2, 4)),
    row("paddle.trace(a, offset=1)", a=f32(3, 3)),
    row("paddle.trace(a)", a=i32(3, 3)),
    row("paddle.diagonal(a, 1, 0, 2)", a=f32(2, 3, 4)),
    *[
        row(f"paddle.{name}(a)", a=f32(2, 3))
        for name in "sum mean max min amax amin prod all any logsumexp nansum".split()
    ],
    *[
        row(f"paddle.{name}(a, axis=1)", a=f32(2, 3))
        for name in "sum mean max min amax amin prod all any logsumexp".split()
    ],
    *[
        row(f"paddle.{name}(a, axis=[0, -1], keepdim=True)", a=f32(2, 3, 4))
        for name in "sum mean max min amax amin all any logsumexp nansum nanmean count_nonzero std var".split()
    ],
    *[row(f"paddle.{name}(a)", a=i32(2, 3)) for name in "sum prod max min mean nansum all any count_nonzero".split()],
    *[row(f"paddle.{name}(a)", a=boolean(2, 3)) for name in "sum mean all any".split()],
    row("paddle.sum(a, axis=[])", a=f32(2, 3)),
    row("paddle.sum(a, axis=1, dtype='float64')", a=f32(2, 3)),
    row("paddle.sum(a, axis=2)", a=f32(2, 3)),
    row("paddle.prod(a, axis=[0, 1], keepdim=True)", a=f32(2, 3)),
    row("paddle.prod(a, axis=0, dtype='float64')", a=f32(2, 3)),
    row("paddle.max(a, axis=-3)", a=f32(2, 3)),
    row("paddle.nanmean(paddle.where(a > 0, a, a * float('nan')), axis=1)", a=f32(2, 5)),
    row("paddle.cumsum(a)", a=f32(2, 3)),
    row("paddle.cumsum(a, axis=-1)", a=i32(2, 3)),
    row("paddle.cumsum(a, axis=0, dtype='float64')", a=f32(2, 3)),
    row("paddle.cumprod(a, dim=1)", a=f32(2, 3)),
    row("paddle.cumprod(a)", a=f32(2, 3)),
    row("paddle.cummax(a)", a=f32(2, 3)),
    row("paddle.cummax(a, axis=1)", a=f32(2, 3)),
    row("paddle.cummin(a, axis=0, dtype='int32')", a=f32(2, 3)),
    row("paddle.logcumsumexp(a, axis=1)", a=f32(2, 3)),
    row("paddle.std(a)", a=f32(2, 3)),
    row("paddle.std(a, axis=1, unbiased=False)", a=f32(2, 3)),
    row("paddle.std(a)", a=f32(1)),
    row("paddle.var(a, axis=0)", a=f32(4, 3)),
    row("paddle.median(a)", a=f32(2, 3)),
    row("paddle.median(a, axis=1)", a=f32(2, 4)),
    row("paddle.median(a, axis=0, keepdim=True)", a=i64(4, 3)),
    row("paddle.nanmedian(a, axis=1)", a=f32(2, 5)),
    row("paddle.quantile(a, 0.3, axis=1)", a=f32(2, 5)),
    row("paddle.quantile(a, [0.3, 0.5], axis=[0, 1])", a=f32(2, 5)),
    row("paddle.nanquantile(a, 0.3)", a=f32(2, 5)),
    row("[paddle.numel(a), a.numel(), a.size]", a=f32(2, 3)),
    row("paddle.sqrt(a)", a=f64(2, 3, low=0, high=2)),
]
