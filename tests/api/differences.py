"""Where gradients and results in other dtypes knowingly differ from Paddle's: the reason, and patterns of the rows.

Each pattern is searched in the text of a row with its mode and its inputs, such as
"paddle.add(a, b) eval a=float32[2, 3] b=float32[3]". docs/api.md lists the reasons.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from rows import Row

INTEGERS = "int32 int64"
ALL = "float64 float16 bfloat16 int32 int64 bool"

# reason: patterns of the rows whose gradients differ.
GRADIENTS: dict[str, tuple[str, ...]] = {
    "Paddle takes the soft labels' sum for 1": (
        r"cross_entropy\((x|paddle.nn.functional.log_softmax\(x\)), y, (?!.*(weight|use_softmax)).*soft_label=True",
        r"CrossEntropyLoss\(soft_label=True", r"softmax_with_cross_entropy\(x, y, True",
    ),
    "Paddle's gradient is wrong with pos_weight": (
        r"binary_cross_entropy_with_logits\(.*(pos_weight|y \* 3)", r"BCEWithLogitsLoss\(.*paddle.arange\(1, 5",
    ),
    "Paddle's gradient mixes up the elements": (
        r"SpectralNorm\(", r"trapezoid\((?!a, (x=b|dx=2.0), axis=0|x=b, axis=0)", r"as_strided\(a, \[2, 2\], \[1, 1\]", r"a.as_strided\(\[2, 2\], \[1, 1\]",
        r"unfold\((a, )?1, 2, 1\)", r"a.gather\((paddle.to_tensor\(\[?1\]?\)|b), axis=1\)", r"paddle.gather\(a, b, axis=1\)",
    ),
    "Paddle's gradient in evaluation mode is that of the running statistics, its result is not": (
        r"BatchNorm([12]D)?\(.*(use_global_stats=False|trainable_statistics=True)\) eval",
    ),
    "Paddle trains weight and bias only together": (r"BatchNorm[12]D\([34], (weight|bias)_attr=False\)",),
    "torch refuses running statistics that want a gradient": (r"functional.batch_norm\(x, m, v",),
    "Paddle adds epsilon to the norm once more": (r"normalize\(x, 1.5, 2, 1e-3\)",),
    "Paddle's entropy has no gradient": (r"Bernoulli\(a\).entropy\(\)",),
    "Paddle's gradient has the dtype of the result": (r"a.to\(('cpu', )?'float64'\)",),
    "Paddle takes boxes to be at least a pixel": (r"roi_align\(x, paddle.concat\(\[c - s, c \+ s\], axis=1\), n, (3|\(2, 4\), spatial_scale=0.5)\)$",),
    "Paddle divides in the dtype of the left side": (
        r"^b / a eval a=float32\[3\] b=int64", r"^(a / b|b / a) eval (a=bool\[3, 3\] b=float|a=float32\[3, 3\] b=bool)",
    ),
    "random": (r"gumbel_softmax\(",),
}  # fmt: skip

# reason: (dtypes, patterns) of the rows whose results differ.
DTYPES: dict[str, tuple[str, tuple[str, ...]]] = {
    "Paddle computes in integers what has no meaning there": (
        f"{INTEGERS} bool",
        (r"\b(roi_align|roi_pool|RoIAlign|RoIPool)\(", r"householder_product\(", r"\b(std|var)\(.*unbiased=False",
         r"\bcov\(", r"norm\(a, p=(1|2|float\('inf'\)), axis=\[0, 1\]\)", r"nanmean\(a?,? ?axis", r"dropout\(.*downscale_in_infer",
         r"Dropout\(.*downscale_in_infer", r"alpha_dropout\(", r"multi_margin_loss\(.*w", r"\.entropy\(\)", r"kl_divergence\(paddle.distribution.Cat"),
    ),
    "Paddle computes with bools as with numbers": (
        "bool", (r"\bneg_?\(", r"deg2rad|rad2deg", r"__(eq|ne|lt|ge)__\(2\)", r"2 == a", r"b\[b\[:, 0\] < 9\] = 1.5"),
    ),
}  # fmt: skip


def marks(reason: str | None) -> list[Any]:
    return [pytest.mark.xfail(reason=reason)] if reason else []


def gradient_difference(row: Row) -> str | None:
    """Why the gradients of a row differ, or None."""
    return next((reason for reason, patterns in GRADIENTS.items() if _matches(patterns, row)), None)


def dtype_difference(row: Row, dtype: str) -> str | None:
    """Why a row differs in a dtype, or None."""
    return next(
        (
            reason
            for reason, (dtypes, patterns) in DTYPES.items()
            if dtype in dtypes.split() and _matches(patterns, row)
        ),
        None,
    )


def _matches(patterns: tuple[str, ...], row: Row) -> bool:
    inputs = " ".join(f"{name}={sample.dtype}{list(sample.shape)}" for name, sample in row.inputs.items())
    text = f"{row.call} {'train' if row.train else 'eval'} {inputs}"
    return any(re.search(pattern, text) for pattern in patterns)
