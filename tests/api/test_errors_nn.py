"""Wrong arguments of nn.functional, layers and vision.ops: the error names function or layer, argument and value."""

from __future__ import annotations

import pytest

import fxtraced as paddle
from fxtraced import nn

F = nn.functional
ops = paddle.vision.ops


def t(*shape: int) -> paddle.Tensor:
    return paddle.ones(list(shape))


def n(*shape: int) -> paddle.Tensor:
    return paddle.ones(list(shape), "int64")


# (call, words of the text)
CALLS: list[tuple[str, list[str]]] = [
    # Ranks
    ("F.conv2d(t(2, 4, 7), t(6, 4, 3, 3))", ["conv2d: x must be a 4-D tensor, but has 3", "x=float32[2, 4, 7]"]),
    ("F.conv1d(t(4, 7), t(6, 4, 3))", ["conv1d: x must be a 3-D tensor, but has 2"]),
    ("nn.Conv2D(4, 6, 3)(t(4, 7, 7))", ["conv2d: x must be a 4-D tensor, but has 3"]),
    ("F.avg_pool2d(t(1, 2, 3), 2)", ["avg_pool2d: x must be a 4-D tensor, but has 3"]),
    ("F.max_pool3d(t(1, 2, 3, 4), 2)", ["max_pool3d: x must be a 5-D tensor, but has 4"]),
    ("F.adaptive_max_pool1d(t(2, 3), 2)", ["adaptive_max_pool1d: x must be a 3-D tensor, but has 2"]),
    ("nn.AdaptiveAvgPool2D(1)(t(2, 3, 4))", ["adaptive_avg_pool2d: x must be a 4-D tensor, but has 3"]),
    ("F.unfold(t(1, 2, 3), 2)", ["unfold: x must be a 4-D tensor, but has 3"]),
    ("F.maxout(t(2, 4), 2)", ["maxout: x must have 4 dimensions", "2"]),
    ("F.local_response_norm(t(2, 3), 3)", ["local_response_norm(): Expected 3D or higher", "2 dimensions"]),
    ("nn.BatchNorm2D(3)(t(2, 3, 5))", ["BatchNorm2D: expected an input of rank (4,), but it is 3"]),
    ("nn.InstanceNorm2D(3)(t(2, 3, 5))", ["InstanceNorm2D: expected an input of rank 4, but it is 3"]),
    ("F.cross_entropy(t(3, 4), n(3, 1, 1))", ["cross_entropy()", "label_dims3", "label=int64[3, 1, 1]"]),
    ("F.interpolate(t(1, 2, 3, 4), [3, 4], mode='linear')", ["interpolate: mode 'linear'", "rank 4"]),
    ("nn.LSTM(4, 5)(t(2, 4))", ["LSTM: inputs must be [batch, steps, 4]", "[2, 4]"]),
    # Sizes
    ("nn.Linear(4, 5)(t(2, 3))", ["linear(): mat1 and mat2 shapes", "x=float32[2, 3], weight=float32[4, 5]"]),
    ("F.linear(t(2, 4), t(4, 5), t(4))", ["linear(): The expanded size", "bias=float32[4]"]),
    ("nn.Conv2D(4, 6, 3)(t(2, 5, 7, 7))", ["conv2d(): Given groups=1, weight of size [6, 4, 3, 3]", "got 5 channels"]),
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 9, 9))", ["conv2d(): ", "Kernel size: (9 x 9)"]),
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 3, 3), groups=3)", ["conv2d(): Given groups=3", "groups=3"]),
    ("nn.Conv2D(4, 6, 3, groups=3)", ["Conv2D: in_channels 4 must be divisible by groups 3"]),
    ("F.conv2d_transpose(t(2, 4, 7, 7), t(4, 6, 3, 3), stride=2, output_size=[40, 40])",
     ["conv2d_transpose(): output padding must be smaller", "output_size=[40, 40]"]),
    ("nn.BatchNorm2D(3)(t(2, 4, 5, 5))", ["batch_norm(): running_mean should contain 4 elements not 3"]),
    ("nn.GroupNorm(3, 6)(t(2, 4, 5))", ["group_norm(): ", "num_groups=3", "x=float32[2, 4, 5]"]),
    ("nn.LayerNorm(4)(t(2, 3))", ["layer_norm(): Given normalized_shape=[4]", "x=float32[2, 3]"]),
    ("nn.MultiHeadAttention(6, 4)", ["embed_dim must be divisible by num_heads, but received 6 and 4"]),
    ("nn.TransformerEncoderLayer(6, 4, 8)", ["embed_dim must be divisible by num_heads, but received 6 and 4"]),
    ("nn.MultiHeadAttention(6, 2)(t(1, 3, 6), t(1, 4, 6))",
     ["MultiHeadAttention: key and value must be of one length", "[1, 4, 6]", "[1, 3, 6]"]),
    ("F.scaled_dot_product_attention(t(1, 5, 3, 4), t(1, 7, 3, 4), t(1, 5, 3, 4))",
     ["scaled_dot_product_attention: key and value must be of one length", "7", "5"]),
    ("nn.LSTM(4, 5)(t(2, 3, 6))", ["LSTM: inputs must be [batch, steps, 4], but their shape is [2, 3, 6]"]),
    ("nn.GRU(4, 5, time_major=True)(t(2, 3, 6))", ["GRU: inputs must be [steps, batch, 4]", "[2, 3, 6]"]),
    ("nn.LSTM(4, 5)(t(2, 3, 4), (t(1, 2, 6), t(1, 2, 6)))",
     ["LSTM: a state of initial_states must be", "[1, 2, 5]", "[1, 2, 6]"]),
    ("nn.GRU(4, 5)(t(2, 3, 4), t(1, 7, 5))", ["GRU: a state of initial_states must be", "[1, 2, 5]", "[1, 7, 5]"]),
    ("nn.LSTM(4, 5)(t(2, 3, 4), t(1, 2, 5))", ["LSTM: initial_states must be 2 tensors, but are 1"]),
    ("nn.GRUCell(4, 0)", ["hidden_size of GRUCell must be greater than 0, but is 0"]),
    ("F.cross_entropy(t(3, 4), n(2))", ["cross_entropy(): ", "(3)", "(2)"]),
    ("F.cross_entropy(t(3, 4), n(3), weight=t(3))", ["cross_entropy: weight must hold one number", "4", "holds 3"]),
    ("F.cross_entropy(t(3, 4), n(3) * 7)", ["cross_entropy(): Target 7 is out of bounds"]),
    ("F.embedding(n(3) * 9, t(5, 4))", ["embedding(): index out of range", "x=int64[3] [9, 9, 9]"]),
    ("F.embedding(n(3), t(5, 4), padding_idx=9)", ["embedding(): padding_idx must be within [-5, 5), but is 9"]),
    ("nn.Embedding(0, 4)", ["Embedding: num_embeddings and embedding_dim must be positive", "0 and 4"]),
    ("F.pad(t(1, 2, 3, 4), [1, 2, 3])", ["pad: must hold 4 numbers", "[1, 2, 3]"]),
    ("F.pad(t(1, 2, 3, 4), [9, 0, 0, 0], mode='reflect')", ["pad(): ", "padding (9, 0)"]),
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 3, 3), padding=[1, 2, 3])", ["conv2d: invalid padding [1, 2, 3]"]),
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 3, 3), stride=[1, 2, 3])", ["conv2d(): stride must be", "[1, 2, 3]"]),
    ("F.max_pool2d(t(1, 2, 3, 4), [2, 2, 2])", ["max_pool2d(): kernel_size must be", "[2, 2, 2]"]),
    ("F.adaptive_avg_pool2d(t(1, 2, 3, 4), [1, 2, 3])", ["adaptive_avg_pool2d(): output_size must be", "[1, 2, 3]"]),
    ("F.one_hot(n(3) * 7, 4)", ["one_hot(): Class values must be smaller than num_classes", "num_classes=4"]),
    ("F.pixel_shuffle(t(1, 3, 4, 4), 2)", ["pixel_shuffle(): ", "upscale_factor=2"]),
    ("F.glu(t(2, 3))", ["glu(): Halving dimension must be even", "x=float32[2, 3]"]),
    ("F.prelu(t(2, 3, 4), t(2))", ["prelu(): ", "weight=float32[2]"]),
    ("F.mse_loss(t(3), t(4))", ["mse_loss(): ", "input=float32[3], label=float32[4]"]),
    ("F.fold(t(1, 8, 5), [3, 3], 2)", ["fold(): Given output_size=(3, 3)", "x=float32[1, 8, 5]"]),
    ("nn.Unflatten(1, [2, 2])(t(2, 3))", ["in unflatten(", "[2, 2]", "axis=1"]),
    ("nn.Flatten(3, 1)(t(2, 3, 4, 5))", ["in flatten(", "start_axis=3, stop_axis=1"]),
    # Dtypes and types
    ("nn.Linear(4, 5)(n(2, 4))", ["linear(): ", "x=int64[2, 4]", "weight=float32[4, 5]"]),
    ("F.embedding(t(3), t(5, 4))", ["embedding: x must hold integers, but its dtype is float32"]),
    ("F.nll_loss(t(3, 4), t(3))", ["nll_loss: label must hold integers, but its dtype is float32"]),
    ("F.one_hot(t(3), 4)", ["one_hot: x must hold integers, but its dtype is float32"]),
    ("F.conv2d([1.0], t(6, 4, 3, 3))", ["conv2d(): argument 'x' must be Tensor, but got list"]),
    ("F.pixel_shuffle(t(1, 4, 4, 4), 2.0)", ["pixel_shuffle(): upscale factor must be int type", "2.0"]),
    ("F.dropout(t(3), p='a')", ["dropout: p argument should be a number", "'a'"]),
    # Axes
    ("F.softmax(t(2, 3), axis=4)", ["softmax(): Dimension out of range", "axis=4"]),
    ("nn.LogSoftmax(-4)(t(2, 3))", ["log_softmax(): Dimension out of range", "axis=-4"]),
    ("F.cross_entropy(t(3, 4), n(3), axis=3)", ["cross_entropy(): Dimension out of range", "axis=3"]),
    ("F.normalize(t(2, 3), axis=5)", ["normalize(): Dimension out of range", "axis=5"]),
    ("F.dropout(t(3), axis=4)", ["dropout: axis must lie in [0, 1), but received 4"]),
    # Choices and numbers
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 3, 3), data_format='NCL')", ["conv2d: data_format must be one of", "'NCL'"]),
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 3, 3), padding='SOME')", ["conv2d: unknown padding 'SOME'"]),
    ("F.conv2d(t(2, 4, 7, 7), t(6, 4, 3, 3), stride=0)", ["conv2d(): ", "stride=0"]),
    ("nn.Conv2D(4, 6, 3, padding_mode='other')", ["Conv2D: padding_mode must be", "'other'"]),
    ("F.avg_pool2d(t(1, 2, 3, 4), 2, data_format='NC')", ["avg_pool2d: data_format must be one of", "'NC'"]),
    ("F.avg_pool2d(t(1, 2, 3, 4), 2, divisor_override=0)", ["avg_pool2d: divisor_override must not be 0"]),
    ("F.max_unpool2d(t(1, 2, 3, 4), n(1, 2, 3, 4), 2, data_format='NHWC')", ["max_unpool2d: data_format", "'NHWC'"]),
    ("nn.BatchNorm2D(3, data_format='NCW')(t(2, 3, 5, 5))", ["batch_norm: data_format must be one of", "'NCW'"]),
    ("F.prelu(t(2, 3), t(3), data_format='C')", ["prelu: data_format must be one of", "'C'"]),
    ("nn.BatchNorm(3, act='other')", ["BatchNorm: act must be", "'other'"]),
    ("nn.TransformerEncoderLayer(6, 2, 8, activation='other')", ["TransformerEncoderLayer: activation", "'other'"]),
    ("F.pad(t(1, 2, 3, 4), [1, 1, 1, 1], mode='other')", ["pad(): mode should be one of", "other"]),
    ("F.interpolate(t(1, 2, 3, 4), [3, 4], mode='other')", ["interpolate: mode must be one of", "'other'"]),
    ("F.grid_sample(t(1, 2, 3, 4), t(1, 3, 3, 2), mode='cubic')", ["grid_sample(): ", "cubic"]),
    ("F.dropout(t(3), p=2)", ["dropout(): p argument should between 0 and 1, but received 2"]),
    ("F.dropout(t(3), mode='other')", ["dropout(): mode argument should be", "'other'"]),
    ("nn.Dropout(1.5)(t(3))", ["dropout(): p argument should between 0 and 1, but received 1.5"]),
    ("F.cross_entropy(t(3, 4), n(3), reduction='other')", ["cross_entropy(): ", "'reduction'", "other"]),
    ("F.rrelu(t(3), 0.5, 0.1)", ["rrelu: ", "lower=0.5, upper=0.1"]),
    ("F.temporal_shift(t(4, 2, 3, 3), 2, 0.7)", ["temporal_shift: shift_ratio must be", "0.7"]),
    ("F.gumbel_softmax(t(2, 3), temperature=0)", ["gumbel_softmax: temperature must not be 0"]),
    ("F.triplet_margin_loss(t(3), t(3), t(3), margin=-1)", ["triplet_margin_loss(): ", "margin", "-1"]),
    ("F.label_smooth(t(2, 3), epsilon=2)", ["label_smooth(): The value of epsilon", "2"]),
    ("nn.GRU(4, 5, direction='other')", ["direction should be forward or bidirect", "other"]),
    ("nn.initializer.Uniform(1, 0)", ["Uniform: high must be", "low=1, high=0"]),
    ("nn.initializer.calculate_gain('other')", ["calculate_gain: nonlinearity must be one of", "'other'"]),
    ("nn.utils.clip_grad_value_([], -1)", ["clip_grad_value_: clip_value must not be negative, but received -1"]),
    # vision.ops
    ("ops.nms(t(3, 5))", ["nms(): ", "expected 4", "boxes=float32[3, 5]"]),
    ("ops.roi_align(t(1, 2, 4, 4), t(3, 4), n(1), 'a')", ["roi_align(): ", "output_size='a'"]),
    ("ops.deform_conv2d(t(1, 2, 4, 4), t(1, 17, 4, 4), t(3, 2, 3, 3), padding=1)",
     ["deform_conv2d: offset must be [N, 18, out_h, out_w]", "[1, 17, 4, 4]"]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), CALLS, ids=[call for call, _ in CALLS])
def test_text_names_function_argument_and_value(call: str, words: list[str]) -> None:
    with pytest.raises((ValueError, TypeError, AssertionError)) as caught:
        eval(call)
    text = str(caught.value)
    assert [word for word in words if word not in text] == [], text
