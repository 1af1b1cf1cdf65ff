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

ROWS = [*UNIFORM, *CATEGORICAL, *BERNOULLI]
