"""Recurrent layers (paddle.nn.layer.rnn): cells, the wrappers RNN and BiRNN, and SimpleRNN, LSTM, GRU.

Whole sequences of the three known cells run in torch's fused kernels; RNN and BiRNN step other cells in Python.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn.functional as TF

from fxtraced.framework.dtype import convert_dtype, default_dtype
from fxtraced.nn.initializer import Constant, Uniform
from fxtraced.nn.layer.container import LayerList
from fxtraced.nn.layer.fused_rnn import fused_rnn
from fxtraced.nn.layer.layers import Layer
from fxtraced.nn.param_attr import ParamAttr
from fxtraced.tensor.tensor import as_tensor

_ATTRIBUTES = "weight_ih_attr", "weight_hh_attr", "bias_ih_attr", "bias_hh_attr"


class RNNCellBase(Layer):
    """The base of cells: forward(inputs, states) -> (outputs, new states)."""

    @property
    def state_shape(self) -> Any:
        """The shape of a state without the batch, or a tuple of such shapes."""
        raise NotImplementedError("Please add implementaion for `state_shape` in the used cell.")

    def get_initial_states(
        self, batch_ref: Any, shape: Any = None, dtype: Any = None, init_value: float = 0.0, batch_dim_idx: int = 0
    ) -> Any:
        """States filled with init_value for the batch of batch_ref, of the default dtype unless another is given."""
        first = batch_ref
        while isinstance(first, list | tuple):
            first = first[0]
        kind = default_dtype() if dtype is None else convert_dtype(dtype)

        def filled(sizes: Any) -> Any:
            if sizes and isinstance(sizes[0], list | tuple):
                return type(sizes)([filled(item) for item in sizes])
            rest = [size for size in sizes if not (isinstance(size, int) and size == -1)]
            state = torch.full([first.shape[batch_dim_idx], *rest], init_value, dtype=kind, device=first.device)
            return as_tensor(state)

        return filled(self.state_shape if shape is None else shape)

    def _make_weights(self, gates: int, input_size: int, hidden_size: int, attributes: dict[str, Any]) -> None:
        if hidden_size <= 0:
            raise ValueError(f"hidden_size of {type(self).__name__} must be greater than 0, but is {hidden_size}")
        self.input_size, self.hidden_size = input_size, hidden_size
        bound = 1.0 / math.sqrt(hidden_size)
        shapes = [[gates * hidden_size, input_size], [gates * hidden_size, hidden_size], *[[gates * hidden_size]] * 2]
        for name, shape in zip(_ATTRIBUTES, shapes, strict=True):
            attribute, is_bias = attributes[name], name.startswith("bias")
            default: Any = Uniform(-bound, bound)
            if attribute is False:
                # Paddle keeps a parameter that does nothing and is not trained.
                attribute = ParamAttr(initializer=Constant(0.0 if is_bias else 1.0), trainable=False)
            setattr(self, name.removesuffix("_attr"), self.create_parameter(shape, attribute, None, is_bias, default))

    def _gates(self, inputs: Any, hidden: Any) -> tuple[Any, Any]:
        return TF.linear(inputs, self.weight_ih, self.bias_ih), TF.linear(hidden, self.weight_hh, self.bias_hh)

    def extra_repr(self) -> str:
        return f"{self.input_size}, {self.hidden_size}"


class SimpleRNNCell(RNNCellBase):
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh), or relu of it."""

    def __init__(
        self, input_size: int, hidden_size: int, activation: str = "tanh", weight_ih_attr: Any = None,
        weight_hh_attr: Any = None, bias_ih_attr: Any = None, bias_hh_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        if activation not in ("tanh", "relu"):
            raise ValueError(f"activation for SimpleRNNCell should be tanh or relu, but get {activation}")
        self.activation = activation
        attributes = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        self._make_weights(1, input_size, hidden_size, dict(zip(_ATTRIBUTES, attributes, strict=True)))

    @property
    def state_shape(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def forward(self, inputs: Any, states: Any = None) -> tuple[Any, Any]:
        states = self.get_initial_states(inputs, dtype=inputs.dtype) if states is None else states
        from_input, from_state = self._gates(inputs, states)
        hidden = (torch.tanh if self.activation == "tanh" else torch.relu)(from_input + from_state)
        return hidden, hidden

    def extra_repr(self) -> str:
        text = super().extra_repr()
        return text if self.activation == "tanh" else f"{text}, activation={self.activation}"


class LSTMCell(RNNCellBase):
    """A long short-term memory; states are (h, c), gates are in the order input, forget, cell, output."""

    def __init__(
        self, input_size: int, hidden_size: int, weight_ih_attr: Any = None, weight_hh_attr: Any = None,
        bias_ih_attr: Any = None, bias_hh_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        attributes = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        self._make_weights(4, input_size, hidden_size, dict(zip(_ATTRIBUTES, attributes, strict=True)))

    @property
    def state_shape(self) -> tuple[tuple[int, ...], ...]:
        return ((self.hidden_size,), (self.hidden_size,))

    def forward(self, inputs: Any, states: Any = None) -> tuple[Any, Any]:
        hidden, cell = self.get_initial_states(inputs, dtype=inputs.dtype) if states is None else states
        from_input, from_state = self._gates(inputs, hidden)
        i, f, g, o = torch.chunk(from_input + from_state, 4, -1)
        cell = torch.sigmoid(f) * cell + torch.sigmoid(i) * torch.tanh(g)
        hidden = torch.sigmoid(o) * torch.tanh(cell)
        return hidden, (hidden, cell)


class GRUCell(RNNCellBase):
    """A gated recurrent unit; gates are in the order reset, update, candidate."""

    def __init__(
        self, input_size: int, hidden_size: int, weight_ih_attr: Any = None, weight_hh_attr: Any = None,
        bias_ih_attr: Any = None, bias_hh_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        attributes = (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr)
        self._make_weights(3, input_size, hidden_size, dict(zip(_ATTRIBUTES, attributes, strict=True)))

    @property
    def state_shape(self) -> tuple[int, ...]:
        return (self.hidden_size,)

    def forward(self, inputs: Any, states: Any = None) -> tuple[Any, Any]:
        states = self.get_initial_states(inputs, dtype=inputs.dtype) if states is None else states
        from_input, from_state = self._gates(inputs, states)
        x_reset, x_update, x_new = torch.chunk(from_input, 3, -1)
        h_reset, h_update, h_new = torch.chunk(from_state, 3, -1)
        update = torch.sigmoid(x_update + h_update)
        candidate = torch.tanh(x_new + torch.sigmoid(x_reset + h_reset) * h_new)
        hidden = (states - candidate) * update + candidate
        return hidden, hidden


class RNN(Layer):
    """Steps a cell over inputs [B, T, ...] ([T, B, ...] when time_major): (outputs, final states).

    With sequence_length the states stop at each sample's end. The number of steps is fixed in a static graph.
    """

    def __init__(self, cell: Any, is_reverse: bool = False, time_major: bool = False):
        super().__init__()
        self.cell, self.is_reverse, self.time_major = cell, is_reverse, time_major

    def forward(
        self, inputs: Any, initial_states: Any = None, sequence_length: Any = None, **kwargs: Any
    ) -> tuple[Any, Any]:
        return rnn(self.cell, inputs, initial_states, sequence_length, self.time_major, self.is_reverse, **kwargs)


class BiRNN(Layer):
    """Two cells, one over the inputs and one over the reversed inputs; outputs are joined along the last axis."""

    def __init__(self, cell_fw: Any, cell_bw: Any, time_major: bool = False):
        super().__init__()
        if cell_fw.input_size != cell_bw.input_size:
            raise ValueError(
                f"input size of forward cell({cell_fw.input_size}) does not equals"
                f"that of backward cell({cell_bw.input_size})"
            )
        self.cell_fw, self.cell_bw, self.time_major = cell_fw, cell_bw, time_major

    def forward(
        self, inputs: Any, initial_states: Any = None, sequence_length: Any = None, **kwargs: Any
    ) -> tuple[Any, Any]:
        first, second = (None, None) if initial_states is None else initial_states
        outputs, states = [], []
        for cell, start, reverse in ((self.cell_fw, first, False), (self.cell_bw, second, True)):
            output, state = rnn(cell, inputs, start, sequence_length, self.time_major, reverse, **kwargs)
            outputs.append(output)
            states.append(state)
        return torch.cat(outputs, -1), tuple(states)


def rnn(
    cell: Any, inputs: Any, initial_states: Any = None, sequence_length: Any = None, time_major: bool = False,
    is_reverse: bool = False, **kwargs: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Step a cell over a sequence; see RNN."""
    time = 0 if time_major else 1
    states = initial_states
    if states is None:
        states = cell.get_initial_states(inputs, dtype=inputs.dtype, batch_dim_idx=1 - time)
    steps = inputs.shape[time]
    order = range(steps - 1, -1, -1) if is_reverse else range(steps)
    outputs: list[Any] = []
    for step in order:
        output, new_states = cell(torch.select(inputs, time, step), states, **kwargs)
        if sequence_length is not None:
            inside = torch.unsqueeze(torch.gt(sequence_length, step), -1)
            new_states = _where(inside, new_states, states)
        outputs.append(output)
        states = new_states
    return torch.stack(outputs[::-1] if is_reverse else outputs, time), states


def _where(condition: Any, new: Any, old: Any) -> Any:
    if isinstance(new, list | tuple):
        return type(new)([_where(condition, n, o) for n, o in zip(new, old, strict=True)])
    return torch.where(condition, new, old)


class RNNBase(LayerList):
    """What SimpleRNN, LSTM and GRU share. The parameters appear under two names: weight_ih_l0 and 0.cell.weight_ih."""

    def __init__(
        self, mode: str, input_size: int, hidden_size: int, num_layers: int = 1, direction: str = "forward",
        time_major: bool = False, dropout: float = 0.0, weight_ih_attr: Any = None, weight_hh_attr: Any = None,
        bias_ih_attr: Any = None, bias_hh_attr: Any = None, activation: str = "tanh",
    ):  # fmt: skip
        super().__init__()
        if direction not in ("forward", "bidirect", "bidirectional"):
            raise ValueError(
                f"direction should be forward or bidirect (or bidirectional), received direction = {direction}"
            )
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.time_major, self.dropout = time_major, dropout
        self.num_directions = 1 if direction == "forward" else 2
        self.state_components = 2 if mode == "LSTM" else 1
        attributes = dict(zip(_ATTRIBUTES, (weight_ih_attr, weight_hh_attr, bias_ih_attr, bias_hh_attr), strict=True))
        kind: Any = {"LSTM": LSTMCell, "GRU": GRUCell}.get(mode, SimpleRNNCell)
        if kind is SimpleRNNCell:
            attributes["activation"] = activation
        self._weight_names: list[str] = []
        for layer in range(num_layers):
            size = input_size if layer == 0 else hidden_size * self.num_directions
            cells = [kind(size, hidden_size, **attributes) for _ in range(self.num_directions)]
            self.append(RNN(cells[0], False, time_major) if len(cells) == 1 else BiRNN(cells[0], cells[1], time_major))
            for cell, suffix in zip(cells, ("", "_reverse"), strict=False):
                for attribute in _ATTRIBUTES:
                    name = attribute.removesuffix("_attr")
                    if attributes[attribute] is False:
                        # As in Paddle, it has its second name only.
                        path = f"{layer}.cell" if len(cells) == 1 else f"{layer}.cell_{'bw' if suffix else 'fw'}"
                        self._weight_names.append(f"{path}.{name}")
                        continue
                    self.add_parameter(f"{name}_l{layer}{suffix}", getattr(cell, name))
                    self._weight_names.append(f"{name}_l{layer}{suffix}")

    def forward(self, inputs: Any, initial_states: Any = None, sequence_length: Any = None) -> tuple[Any, Any]:
        """inputs [B, T, in] ([T, B, in] when time_major) -> outputs [B, T, directions * hidden], final states.

        A state is [layers * directions, B, hidden]; LSTM has (h, c). After sequence_length outputs are zero.
        """
        self._check_inputs(inputs)
        shape = [self.num_layers * self.num_directions, inputs.shape[1 if self.time_major else 0], self.hidden_size]
        if initial_states is None:
            zeros = as_tensor(torch.zeros(shape, dtype=inputs.dtype, device=inputs.device))
            states = [zeros] * self.state_components
        else:
            states = list(initial_states) if isinstance(initial_states, list | tuple) else [initial_states]
            self._check_states(states, shape)
        weights = [self.get_parameter(name) for name in self._weight_names]
        outputs, final = fused_rnn(
            self.mode, inputs, states, weights, self.num_layers, float(self.dropout), self.training,
            self.num_directions == 2, not self.time_major, sequence_length,
        )  # fmt: skip
        return outputs, tuple(final) if self.mode == "LSTM" else final[0]

    def flatten_parameters(self) -> None:
        """Nothing to do (Paddle's, which lays weights side by side for cuDNN): on a GPU each call of torch does it."""

    # torch's kernels do not check sizes: with others they read beyond the memory of a tensor.

    def _check_inputs(self, inputs: Any) -> None:
        if inputs.ndim != 3 or inputs.shape[2] != self.input_size:
            order = "steps, batch" if self.time_major else "batch, steps"
            raise ValueError(
                f"{type(self).__name__}: inputs must be [{order}, {self.input_size}], but their shape is "
                f"{list(inputs.shape)}"
            )

    def _check_states(self, states: list[Any], shape: list[Any]) -> None:
        if len(states) != self.state_components:
            raise ValueError(
                f"{type(self).__name__}: initial_states must be {self.state_components} tensors, but are {len(states)}"
            )
        for state in states:
            if state.ndim != 3 or any(state.shape[dim] != size for dim, size in enumerate(shape)):
                raise ValueError(
                    f"{type(self).__name__}: a state of initial_states must be [layers * directions, batch, "
                    f"hidden_size] = {shape}, but its shape is {list(state.shape)}"
                )

    def extra_repr(self) -> str:
        text = f"{self.input_size}, {self.hidden_size}"
        if self.num_layers != 1:
            text += f", num_layers={self.num_layers}"
        if self.time_major:
            text += f", time_major={self.time_major}"
        return text if self.dropout == 0 else f"{text}, dropout={self.dropout}"


class SimpleRNN(RNNBase):
    """Layers of SimpleRNNCell over sequences; see RNNBase.forward."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, direction: str = "forward",
        time_major: bool = False, dropout: float = 0.0, activation: str = "tanh", weight_ih_attr: Any = None,
        weight_hh_attr: Any = None, bias_ih_attr: Any = None, bias_hh_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        if activation not in ("tanh", "relu"):
            raise ValueError(f"Unknown activation '{activation}'")
        self_mode = "RNN_TANH" if activation == "tanh" else "RNN_RELU"
        super().__init__(
            self_mode, input_size, hidden_size, num_layers, direction, time_major, dropout, weight_ih_attr,
            weight_hh_attr, bias_ih_attr, bias_hh_attr, activation,
        )  # fmt: skip
        self.activation = activation


class LSTM(RNNBase):
    """Layers of LSTMCell over sequences; see RNNBase.forward."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, direction: str = "forward",
        time_major: bool = False, dropout: float = 0.0, weight_ih_attr: Any = None, weight_hh_attr: Any = None,
        bias_ih_attr: Any = None, bias_hh_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(
            "LSTM", input_size, hidden_size, num_layers, direction, time_major, dropout, weight_ih_attr,
            weight_hh_attr, bias_ih_attr, bias_hh_attr,
        )  # fmt: skip


class GRU(RNNBase):
    """Layers of GRUCell over sequences; see RNNBase.forward."""

    def __init__(
        self, input_size: int, hidden_size: int, num_layers: int = 1, direction: str = "forward",
        time_major: bool = False, dropout: float = 0.0, weight_ih_attr: Any = None, weight_hh_attr: Any = None,
        bias_ih_attr: Any = None, bias_hh_attr: Any = None, name: str | None = None,
    ):  # fmt: skip
        super().__init__(
            "GRU", input_size, hidden_size, num_layers, direction, time_major, dropout, weight_ih_attr,
            weight_hh_attr, bias_ih_attr, bias_hh_attr,
        )  # fmt: skip
