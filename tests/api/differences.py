"""Where gradients and results in other dtypes knowingly differ from Paddle's: the reason, and patterns of the rows.

Each pattern is searched in the text of a row with its mode, its inputs and, among DTYPES, the dtype, such as
"paddle.add(a, b) eval a=float32[2, 3] b=float32[3] in int64". docs/api.md lists the reasons.
"""

from __future__ import annotations

import re
from typing import Any

import pytest
from rows import Row

GRADIENTS: dict[str, tuple[str, ...]] = {
    "Paddle takes the sum of soft labels for 1": (
        r"cross_entropy\((x|paddle.nn.functional.log_softmax\(x\)), y, (?!.*(weight|use_softmax)).*soft_label=True",
        r"CrossEntropyLoss\(soft_label=True",
        r"softmax_with_cross_entropy\(x, y, True",
    ),
    "Paddle's gradient is wrong with pos_weight": (
        r"binary_cross_entropy_with_logits\(.*(pos_weight|y \* 3)",
        r"BCEWithLogitsLoss\(.*paddle.arange\(1, 5",
    ),
    "Paddle's gradient mixes up the elements": (
        r"SpectralNorm\(",
        r"trapezoid\((?!a, (x=b|dx=2.0), axis=0|x=b, axis=0)",
        r"as_strided\((a, )?\[2, 2\], \[1, 1\]",
        r"unfold\((a, )?1, 2, 1\)",
        r"a.gather\((paddle.to_tensor\(\[?1\]?\)|b), axis=1\)",
        r"paddle.gather\(a, b, axis=1\)",
    ),
    "Paddle's result in evaluation mode is that of the batch's statistics, its gradient is not": (
        r"BatchNorm([12]D)?\(.*(use_global_stats=False|trainable_statistics=True)\) eval",
    ),
    "Paddle trains weight and bias only together": (r"BatchNorm[12]D\([34], (weight|bias)_attr=False\)",),
    "torch refuses running statistics that want a gradient": (r"functional.batch_norm\(x, m, v",),
    "Paddle adds epsilon to the norm once more": (r"normalize\(x, 1.5, 2, 1e-3\)",),
    "Paddle's entropy has no gradient": (r"Bernoulli\(a\).entropy\(\)",),
    "Paddle's gradient has the dtype of the result": (r"a.to\(('cpu', )?'float64'\)",),
    "Paddle's gradient takes boxes to be at least a pixel": (
        r"\.roi_align\(x, paddle.concat\(\[c - s, c \+ s\], axis=1\), n, (3|\(2, 4\), spatial_scale=0.5)\) eval",
    ),
    "Paddle divides in the dtype of the left side": (
        r"^b / a eval a=float32\[[3, ]+\] b=int64",
        r"^a / b eval a=bool\[3, 3\] b=float",
    ),
    "Paddle's sparse gradient holds the used rows only": (r"Embedding\(.*sparse=True",),
    "Paddle's writes leave the gradient as it was": (r"\.copy_\(", r"z\[\(z > 0\)\[:, 0, 0\]\] = 1"),
    "Paddle gives the other subgradient at a kink, an edge or a tie": (
        r"functional.(leaky_relu|maxout)\(\(a - a.detach",
        r"paddle.clip\(\(a - a.detach",
        r"paddle.(nan)?median\(\(a - .*\) eval a=float32\[6\]",
        r"paddle.logaddexp\(\(a - a.detach",
    ),
    "Paddle's gradient is NaN beside a zero": (
        r"paddle.(prod|atan2|lgamma)\(\(a - a.detach",
        r"paddle.pow\(\(a - a.detach.* (0|b.detach.*)\) eval",
    ),
    "data is torch's, without the gradient; in Paddle it is the tensor itself": (r"^a\.data\b",),
    "Paddle's gradient is that of the last of several boxes at one place": (
        r"yolo_loss\(.*\[c, s\].*\], (\[1, 2\], 3|\[0, 1\], 3, 0.7|\[1, 3\], 3)",
    ),
    "random numbers": (r"gumbel_softmax\(.*\.max\(\)",),
}

DTYPES: dict[str, tuple[str, ...]] = {
    "Paddle computes in integers what has no meaning there": (
        r"\b(roi_align|roi_pool|RoIAlign|RoIPool)\(.* in int",
        r"householder_product\(.* in int",
        r"\b(std|var)\(.*unbiased=False.* in int",
        r"\bcov\(.* in int",
        r"norm\(a, p=(1|2|float\('inf'\)), axis=\[0, 1\]\).* in int",
        r"nanmean\(.* in int",
        r"[dD]ropout\(.*downscale_in_infer.* in (int|bool)",
        r"alpha_dropout\(x, (p=1.0|0.0)\).* in (int|bool)",
        r"multi_margin_loss\(x, y, (2, 0.5, )?w.* in int",
        r"Categorical\(.*\.(entropy|kl_divergence)\(.* in int",
        r"(to_grayscale|Grayscale)\(.* in (int32|bool)",
        r"fill_diagonal_tensor_?\(.* in (int|bool)",
        r"__r?pow__\(b\).* in int32",
        r"paddle.pow\(\(a - a.detach.*b.detach.* in int",
    ),
    "Paddle cuts constants and logarithms of an integer distribution to integers": (
        r"Laplace\(a, b\)\.(icdf|kl_).* in int",
        r"Gumbel\(a, b\)\.(variance|stddev).* in int",
        r"LogNormal\(a, b\)\.(log_prob|probs).* in int",
    ),
    "Paddle computes with bools as with numbers": (
        r"\bneg_?\(.* in bool",
        r"deg2rad.* in bool|rad2deg.* in bool",
        r"(__(eq|ne|lt|ge)__\(2\)|2 == a) .* in bool",
        r"b\[b\[:, 0\] < 9\] = 1.5.* in bool",
        r"kl_divergence\(.* in bool",
        r"ReshapeTransform\(.*inverse_log_det_jacobian.* in bool",
    ),
    "Paddle reads a float32 argument as one of the tensor's dtype": (
        r"fill_diagonal_tensor_?\(.*ones.* in (b?float)",
        r"diagonal_scatter\(a, paddle.zeros.* in (b?float)",
    ),
    "Paddle computes half precision in another dtype": (
        r"masked_fill\(a, a > 0, paddle.to_tensor\(9.0\)\).*in b?float16",
        r"^a \*\* b eval a=float32\S* \S* b=float64.* in bfloat16",
        r"^a < b eval a=float32\S* \S* b=float64.* in bfloat16",
        r"^str\(a \* 1e-8\).* in float16",
        r"^a.astype\('float16'\) \+ a .* in float64",
        r"transforms.(normalize|Normalize)\(.* in b?float16",
        r"kl_divergence\(.*Normal.* in b?float16",
    ),
    "Paddle's result in float64 is not the one that it gives in float32": (
        r"PSRoIPool\(2, 0.8\).* in float64",
        r"box_coder\(.*\[0.1, 0.1, 0.2, 0.2\].*decode_center_size.* in float64",
    ),
    "Paddle's lists are of the bits of bfloat16": (
        r"^(paddle|a|a\[0, 0\])\.tolist\(.* in bfloat16",
        r"to_tensor\(\[a, b\]\).* in bfloat16",
    ),
    "Paddle's result has the dtype of another argument": (
        r"cross_entropy\(x, y, soft_label=True, weight=paddle.arange.* in float64",
        r"softmax_\(.*dtype='float32'\)",
        r"Normal\(loc=0.5, scale=2\).log_prob\(a\)",
    ),
    "Paddle's -1e9 is no number of float16, and 0 times it is NaN": (r"_convert_attention_mask\(a > 0.* in float16",),
    "type is torch's method; in Paddle it is LOD_TENSOR, as of every tensor": (r"^str\(a.type\)",),
    "torch has it for wider dtypes only": (r"rrelu\(x, lower=0.5, upper=0.5\).* in float16",),
    "only floating tensors have gradients": (r"setattr\(a, 'stop_gradient', False\).* in (int|bool)",),
    "Paddle chooses another of several equal elements": (r"kthvalue\(2\).* in int",),
}


def marks(reason: str | None) -> list[Any]:
    """The pytest mark of a known difference."""
    return [pytest.mark.xfail(reason=reason)] if reason else []


def gradient_difference(row: Row) -> str | None:
    """Why the gradients of a row differ, or None."""
    return _reason(GRADIENTS, _text(row))


def dtype_difference(row: Row, dtype: str) -> str | None:
    """Why a row differs in a dtype, or None."""
    return _reason(DTYPES, f"{_text(row)} in {dtype}")


def _text(row: Row) -> str:
    inputs = [f"{name}={sample.dtype}{list(sample.shape)}" for name, sample in row.inputs.items()]
    return " ".join([row.call, "train" if row.train else "eval", *inputs])


def _reason(table: dict[str, tuple[str, ...]], text: str) -> str | None:
    found = (reason for reason, patterns in table.items() if any(re.search(pattern, text) for pattern in patterns))
    return next(found, None)
