"""paddle.distribution."""

# ruff: noqa: E501

from rows import f32, f64, i64, row

D = "paddle.distribution"
LOW, HIGH = f32(3), f32(3, low=1.5, high=3)
CHANCES = f32(2, 4, low=0.1, high=3)

UNIFORM = [
    row(f"{D}.Uniform(a, b).{call}", a=LOW, b=HIGH, c=f32(2, 3, low=-2, high=4))
    for call in ("log_prob(c)", "probs(c)", "entropy()", "low")
] + [
    row(f"{D}.Uniform(0.0, 2.5).entropy()"),
    row(f"{D}.Uniform([0.0, 1.0], [2.0, 3.0]).probs(a)", a=f32(2)),
    row(f"{D}.Uniform(np.array([0.0, 1.0]), np.array([2.0, 3.0])).entropy()"),
    row(f"[{D}.Uniform([0.0, 1.0], [2.0, 3.0]).sample(s).shape for s in ([2], [2, 3])]"),
]  # fmt: skip
CATEGORICAL = [
    row(f"{D}.Categorical(a).{call}", a=CHANCES, k=i64(3, high=4), m=i64(2, 5, high=4))
    for call in ("probs(k)", "probs(m)", "log_prob(m)", "entropy()", f"kl_divergence({D}.Categorical(a * a))", "logits")
] + [
    row(f"{D}.Categorical(a).probs(k)", a=f32(4, low=0.1), k=i64(3, high=4)),
    row(f"{D}.Categorical(a).log_prob(k)", a=f32(4, low=0.1), k=i64(3, 2, high=4)),
    row(f"{D}.Categorical(np.array([0.5, 0.25, 0.25])).entropy()"),
    row(f"{D}.kl_divergence({D}.Categorical(a), {D}.Categorical(a * 2))", a=f64(3, low=0.1)),
    row(f"[{D}.Categorical(paddle.ones([2, 3])).sample(s).shape for s in ([4], [4, 2])]"),
    row(f"{D}.Categorical(paddle.ones([3])).sample([4]).shape"),
]  # fmt: skip
BERNOULLI = [
    row(f"{D}.Bernoulli(a).{call}", a=f32(3, low=0.1, high=0.9), b=f32(2, 3, low=0), rtol=1e-4)
    for call in ("probs", "mean", "variance", "entropy()", "cdf(b)", "log_prob(b)", "prob(b)", f"kl_divergence({D}.Bernoulli(a * 0.5))")
] + [
    row(f"{D}.Bernoulli(0.3).entropy()"),
    row(f"{D}.Bernoulli(1.5)"),
    row(f"{D}.Bernoulli(paddle.to_tensor([0.0, 1.0])).log_prob(paddle.to_tensor([0.0, 1.0]))"),
    row(f"{D}.Bernoulli(a).sample([2]).shape", a=f32(3, low=0.1, high=0.9)),
    row(f"{D}.Bernoulli(a).rsample([2, 1]).shape", a=f32(3, low=0.1, high=0.9)),
]  # fmt: skip

PLACED = [
    row(f"{D}.{kind}(a, b).{call}", a=LOW, b=f32(3, low=0.5, high=2), c=f32(2, 3, low=0.2, high=2), rtol=1e-4, atol=1e-5)
    for kind, calls in (
        ("Laplace", ("mean", "variance", "stddev", "log_prob(c)", "prob(c)", "entropy()", "cdf(c)", "icdf(c * 0.4)", "kl_divergence(paddle.distribution.Laplace(b, b))")),
        ("Gumbel", ("mean", "variance", "stddev", "log_prob(c)", "prob(c)", "cdf(c)", "entropy()")),
        ("Cauchy", ("loc", "log_prob(c)", "prob(c)", "cdf(c)", "entropy()", "kl_divergence(paddle.distribution.Cauchy(b, b))")),
        ("LogNormal", ("mean", "variance", "log_prob(c)", "probs(c)", "entropy()", "kl_divergence(paddle.distribution.LogNormal(b, b))")),
    )
    for call in calls
] + [
    row(f"[{D}.{kind}(0.5, 2.0).{call}, {D}.{kind}(0.5, 2.0).sample([2, 3]).shape, {D}.{kind}(0.5, 2.0).rsample([2]).shape]")
    for kind, call in (("Laplace", "entropy()"), ("Gumbel", "entropy()"), ("Cauchy", "entropy()"), ("LogNormal", "entropy()"))
]  # fmt: skip
CHANCE = [
    row(f"{D}.Beta(a, b).{call}", a=f32(3, low=0.5, high=3), b=f32(3, low=0.5, high=3), c=f32(2, 3, low=0.1, high=0.9), rtol=1e-4, atol=1e-5)
    for call in ("mean", "variance", "log_prob(c)", "prob(c)", "entropy()", "sample([4]).shape")
] + [
    row(f"{D}.Dirichlet(a).{call}", a=f32(2, 3, low=0.5, high=3), c=f32(2, 3, low=0.1, high=0.9), rtol=1e-4, atol=1e-5)
    for call in ("mean", "variance", "log_prob(c / c.sum(-1, keepdim=True))", "prob(c / c.sum(-1, keepdim=True))", "entropy()", "sample([4]).shape", "batch_shape", "event_shape + (0,)")
] + [
    row(f"{D}.Geometric(a).{call}", a=f32(3, low=0.2, high=0.8), k=i64(2, 3), rtol=1e-4, atol=1e-5)
    for call in ("mean", "variance", "stddev", "pmf(2)", "log_pmf(2)", "cdf(2)", "entropy()", f"kl_divergence({D}.Geometric(a * 0.5))", "sample([4]).shape")
] + [
    row(f"{D}.Multinomial(5, a).{call}", a=f32(2, 3, low=0.2, high=0.8), rtol=1e-4, atol=1e-5)
    for call in ("mean", "variance", "log_prob(paddle.to_tensor([[2.0, 3.0, 0.0], [1.0, 1.0, 3.0]]))", "prob(paddle.to_tensor([2.0, 3.0, 0.0]))", "sample([4]).shape", "sample([4]).sum(-1)")
] + [
    row(f"{D}.Independent({D}.Normal(a, b), 1).{call}", a=f32(2, 3), b=f32(2, 3, low=0.5, high=2), c=f32(2, 3), rtol=1e-4, atol=1e-5)
    for call in ("mean", "variance", "log_prob(c)", "prob(c)", "entropy()", "batch_shape", "event_shape", "sample([4]).shape")
] + [
    row(f"{D}.kl_divergence({D}.Beta(a, b), {D}.Beta(b, a))", a=f32(3, low=0.5, high=3), b=f32(3, low=0.5, high=3), rtol=1e-4, atol=1e-5),
    row(f"{D}.kl_divergence({D}.Dirichlet(a), {D}.Dirichlet(b))", a=f32(2, 3, low=0.5, high=3), b=f32(2, 3, low=0.5, high=3), rtol=1e-4, atol=1e-5),
    row(f"{D}.kl_divergence({D}.Uniform(0.0, 1.0), {D}.Normal(0.0, 1.0))"),
    row(f"[{D}.register_kl({D}.Uniform, {D}.Uniform)(lambda p, q: p.low * 3 + 1), {D}.kl_divergence({D}.Uniform(1.0, 2.0), {D}.Uniform(0.5, 3.5))][1]"),
    row(f"[issubclass({D}.Beta, {D}.ExponentialFamily), issubclass({D}.Dirichlet, {D}.ExponentialFamily), {D}.Beta(0.5, 0.25).mean]"),
    row(f"{D}.Independent({D}.Normal(0.0, 1.0), 3)"),
    row(f"{D}.Independent(3, 1)"),
    row(f"{D}.Laplace('a', 1.0)"),
    row(f"{D}.Multinomial(0, paddle.ones([3]))"),
    row(f"{D}.Dirichlet(paddle.to_tensor(1.0))"),
]  # fmt: skip

POSITIVE, DOUBLE = f32(2, 3, low=0.1, high=0.9), f64(2, 3, low=0.1, high=0.9)
TRANSFORMS = (
    "AffineTransform(c, c * 2)",
    "ExpTransform()",
    "SigmoidTransform()",
    "TanhTransform()",
    "PowerTransform(c + 2)",
    "StickBreakingTransform()",
    "SoftmaxTransform()",
    "AbsTransform()",
    f"IndependentTransform({D}.ExpTransform(), 1)",
    "ReshapeTransform((3,), (1, 3))",
    f"ChainTransform([{D}.TanhTransform(), {D}.ReshapeTransform([3], [3, 1]), {D}.ExpTransform()])",
    f"StackTransform([{D}.ExpTransform(), {D}.SigmoidTransform(), {D}.TanhTransform()], axis=1)",
    f"StackTransform([{D}.ExpTransform(), {D}.TanhTransform()])",
    f"ChainTransform((({D}.SigmoidTransform()), {D}.StickBreakingTransform()))",
)
TRANSFORMED = [
    row(f"[t := {D}.{transform}, {call}][1]", a=DOUBLE if "Softmax" in transform else POSITIVE, c=f32(3, low=0.5, high=1.5), rtol=1e-4, atol=1e-5)
    for transform in TRANSFORMS
    for call in ("t.forward(a)", "t(a)", "t.forward_log_det_jacobian(a)", "t.inverse(t.forward(a))", "t.inverse_log_det_jacobian(t.forward(a))", "t.forward_shape((2, 3))", "t.forward_shape(3)", "t.forward(0.5)")
] + [
    row(f"{D}.TransformedDistribution({D}.Normal(a, b), [{transforms}]).{call}", a=f64(2, 3), b=DOUBLE, v=DOUBLE, c=f64(3, low=0.5))
    for transforms in (f"{D}.ExpTransform()", f"{D}.AffineTransform(c, c), {D}.SigmoidTransform()", f"{D}.TanhTransform()", "")
    for call in ("log_prob(v)", "prob(v)", "sample((4,)).shape", "rsample([5]).shape", "batch_shape", "event_shape + (0,)")
] + [
    row(f"{D}.ExpTransform()({D}.Normal(a, b)).log_prob(b)", a=f64(3), b=f64(3, low=0.1)),
    row(f"{D}.ExpTransform()({D}.TanhTransform())(a)", a=f32(3)),
    row(f"{D}.TransformedDistribution({D}.Independent({D}.Normal(a, b), 1), [{D}.StickBreakingTransform()]).event_shape", a=f32(2, 3), b=POSITIVE),
    row(f"{D}.TransformedDistribution(base=3, transforms=[])"), row(f"{D}.TransformedDistribution({D}.Normal(0.0, 1.0), transforms=3)"),
    row(f"{D}.Transform().forward(a)", a=f32(3)), row(f"{D}.AffineTransform(1.0, a)", a=f32(3)), row(f"{D}.PowerTransform(2.0)"), row(f"{D}.IndependentTransform({D}.ExpTransform(), 0)"),
    row(f"{D}.ReshapeTransform([2, 3], [5])"), row(f"{D}.ReshapeTransform([2, 3], [6]).inverse_shape((4, 6))"), row(f"{D}.StickBreakingTransform().inverse_shape((4, 6))"),
]  # fmt: skip

ROWS = [*UNIFORM, *CATEGORICAL, *BERNOULLI, *PLACED, *CHANCE, *TRANSFORMED]
