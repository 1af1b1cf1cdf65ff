"""Whole recurrent networks in torch's fused kernels, with or without sequence lengths."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.tensor.common import to_dtype, torch_method

_KERNELS = {"GRU": torch.gru, "RNN_TANH": torch.rnn_tanh, "RNN_RELU": torch.rnn_relu}


def fused_rnn(
    mode: str, inputs: Any, states: list[Any], weights: list[Any], layers: int, dropout: float, training: bool,
    bidirectional: bool, batch_first: bool, lengths: Any = None,
) -> tuple[Any, list[Any]]:  # fmt: skip
    """(outputs, final states); with lengths [B] outputs are zero after the end of a sample."""
    if lengths is None:
        options = (True, layers, dropout, training, bidirectional, batch_first)
        if mode == "LSTM":
            outputs, hidden, cell = torch.lstm(inputs, states, weights, *options)
            return outputs, [hidden, cell]
        outputs, hidden = _KERNELS[mode](inputs, states[0], weights, *options)
        return outputs, [hidden]
    return _packed(
        mode, inputs, states, weights, (True, layers, dropout, training, bidirectional), batch_first, lengths
    )


def _packed(
    mode: str, inputs: Any, states: list[Any], weights: list[Any], options: Any, batch_first: bool, lengths: Any
) -> tuple[Any, list[Any]]:
    batch_axis, steps = (0, inputs.shape[1]) if batch_first else (1, inputs.shape[0])
    sorted_lengths, order = torch.sort(lengths, descending=True)
    back = torch.argsort(order)
    # The kernel takes its lengths on the CPU.
    counts = torch_method(to_dtype(sorted_lengths, torch.int64), "cpu")
    data, sizes = torch._pack_padded_sequence(torch.index_select(inputs, batch_axis, order), counts, batch_first)
    start = [torch.index_select(state, 1, order) for state in states]
    if mode == "LSTM":
        data, hidden, cell = torch.lstm(data, sizes, start, weights, *options)
        final = [hidden, cell]
    else:
        data, hidden = _KERNELS[mode](data, sizes, start[0], weights, *options)
        final = [hidden]
    padded, _ = torch._pad_packed_sequence(data, sizes, batch_first, 0.0, steps)
    return torch.index_select(padded, batch_axis, back), [torch.index_select(state, 1, back) for state in final]
