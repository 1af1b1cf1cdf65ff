"""Layer: Paddle's methods on a torch.nn.Module."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import nn
from fxtraced.tensor.tensor import Parameter, Tensor


class Net(nn.Layer):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)
        self.bn = nn.BatchNorm1D(4)
        self.register_buffer("kept", torch.ones(2))
        self.register_buffer("dropped", torch.ones(2), persistable=False)
        self.assigned = torch.zeros(2)

    def forward(self, x, pair=None):
        assert type(x) is Tensor
        assert pair is None or type(pair[0]) is Tensor
        return self.bn(self.fc(x))


def test_state_dict_holds_parameters_and_persistable_buffers():
    net = Net()
    assert list(net.state_dict()) == [
        "kept",
        "fc.weight",
        "fc.bias",
        "bn.weight",
        "bn.bias",
        "bn._mean",
        "bn._variance",
    ]
    assert net.state_dict()["fc.weight"] is net.fc.weight
    assert [name for name, _ in net.named_buffers()] == ["kept", "dropped", "assigned", "bn._mean", "bn._variance"]


def test_plain_tensors_become_ours_before_forward():
    assert type(Net()(torch.randn(2, 3), pair=[torch.ones(1)])) is Tensor


class Appends(nn.Layer):
    def forward(self, values, by_name, factor=None):
        values[0] = values[0] * 2
        values.append(values[0] + 1)
        by_name["sum"] = values[0] + values[1]


class AsksForMore(nn.Layer):
    """Relies on what a sublayer writes into the containers that it is called with."""

    def __init__(self):
        super().__init__()
        self.appends = Appends()

    def forward(self, x):
        values, by_name = [x], {"x": x}
        self.appends(values, by_name, factor=values)
        return values[1] + by_name["sum"]


def test_a_layer_writes_into_the_containers_of_its_caller():
    x = paddle.to_tensor([1.0, 2.0])
    assert AsksForMore()(x).tolist() == [8.0, 14.0]
    _, static = paddle.jit.TracedLayer.trace(AsksForMore(), [x])
    assert static([paddle.to_tensor([3.0, 0.0])])[0].tolist() == [20.0, 2.0]


def test_set_state_dict_copies_in_place_and_reports():
    net = Net()
    weight = net.fc.weight
    state = {name: value.detach().numpy() + 1 for name, value in net.state_dict().items()}
    del state["fc.bias"]
    state["fc.weight"], state["other"] = np.ones((4, 3), "float32"), np.ones(1)
    with pytest.warns(UserWarning, match=r"Skip loading for fc\.(bias|weight)\. "):
        missing, unexpected = net.set_state_dict(state)
    assert (missing, unexpected) == (["fc.weight", "fc.bias"], ["fc.weight", "other"])
    state["fc.weight"], state["fc.bias"] = np.full((3, 4), 2.0, "float32"), np.zeros(4, "float32")
    assert net.set_state_dict(state) == ([], ["other"])
    assert net.fc.weight is weight
    assert bool((torch.Tensor.eq(weight, 2.0)).all())


def test_a_layers_own_state_dict_fits_it():
    class Encoding(nn.Layer):
        def __init__(self):
            super().__init__()
            table = paddle.arange(12, dtype="float32").reshape([6, 2])
            # As position encodings are made: a view with an axis of size 1 in the middle.
            self.register_buffer("encoding", table.unsqueeze(0).transpose([1, 0, 2]))
            self.register_buffer("even", table[::2])

    net = Encoding()
    before = {name: value.numpy() for name, value in net.state_dict().items()}
    assert net.set_state_dict(net.state_dict()) == ([], [])
    for name, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name])


def test_set_state_dict_refuses_another_dtype():
    with pytest.raises(AssertionError, match="need tensor with dtype"):
        nn.Linear(2, 2, bias_attr=False).set_state_dict({"weight": np.ones((2, 2), "float64")})


def test_torch_machinery_works():
    net = Net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert isinstance(twin.fc.weight, Parameter)
        assert torch.equal(twin.fc.weight, net.fc.weight)
    torch.optim.SGD(net.parameters(), 0.1)
    torch.nn.Module.load_state_dict(net, torch.nn.Module.state_dict(net))
    assert [n for n, _ in torch.nn.Module.named_parameters(net)] == ["fc.weight", "fc.bias", "bn.weight", "bn.bias"]
    assert [n for n, _ in net.named_parameters(recurse=False)] == []


def test_attributes_of_parameters():
    attr = nn.param_attr.ParamAttr(
        name="w", initializer=nn.initializer.Constant(3.0), learning_rate=0.5, trainable=False
    )
    linear = nn.Linear(2, 2, weight_attr=attr, bias_attr=False)
    assert linear.bias is None
    assert linear.weight.trainable is False
    assert linear.weight.optimize_attr == {"learning_rate": 0.5}
    assert float(linear.weight.detach().sum()) == 12.0


def test_shared_weights_of_lstm_stay_shared():
    lstm = nn.LSTM(3, 4, num_layers=2, direction="bidirect")
    assert len(lstm.parameters()) == 16
    for twin in (lstm, copy.deepcopy(lstm), lstm.to(dtype="float64")):
        assert twin.weight_ih_l1 is twin[1].cell_fw.weight_ih
        assert twin.weight_hh_l0_reverse is twin[0].cell_bw.weight_hh


def test_sequence_length_zeroes_the_rest_and_takes_the_last_states():
    lstm = nn.LSTM(3, 4, direction="bidirect")
    x = torch.randn(2, 5, 3)
    outputs, (hidden, _) = lstm(x, sequence_length=torch.tensor([3, 5]))
    alone, (own, _) = lstm(x[:1, :3])
    assert float(outputs.detach()[0, 3:].abs().sum()) == 0.0
    torch.testing.assert_close(outputs[:1, :3].detach(), alone.detach())
    torch.testing.assert_close(hidden[:, :1].detach(), own.detach())


def test_hooks():
    net, seen = nn.Linear(2, 2), []
    before = net.register_forward_pre_hook(lambda layer, inputs: (inputs[0] * 0,))
    after = net.register_forward_post_hook(lambda layer, inputs, output: seen.append(output))
    net(torch.ones(1, 2))
    assert float(seen[0].detach().abs().sum()) == 0.0
    before.remove()
    after.remove()
    assert float(net(torch.ones(1, 2)).detach().abs().sum()) > 0.0


def test_batch_norm_moves_running_statistics_by_the_biased_variance():
    norm, x = nn.BatchNorm1D(3), torch.randn(8, 3)
    norm(x)
    torch.testing.assert_close(norm._mean.as_subclass(torch.Tensor), x.mean(0) * 0.1)
    torch.testing.assert_close(norm._variance.as_subclass(torch.Tensor), 0.9 + x.var(0, unbiased=False) * 0.1)


def test_weight_norm_and_back():
    linear = nn.Linear(3, 4)
    x = torch.randn(2, 3)
    expected = linear(x).detach()
    nn.utils.weight_norm(linear, dim=1)
    assert sorted(linear.state_dict()) == ["bias", "weight_g", "weight_v"]
    torch.testing.assert_close(linear(x).detach(), expected)
    nn.utils.remove_weight_norm(linear)
    assert sorted(linear.state_dict()) == ["bias", "weight"]
    torch.testing.assert_close(linear(x).detach(), expected)


@pytest.mark.parametrize(
    ("layer", "attribute", "value", "same"),
    [
        (nn.AvgPool1D(2), "stride", 1, nn.AvgPool1D(2, 1)),
        (nn.MaxPool2D(2, 2), "ksize", 3, nn.MaxPool2D(3, 2)),
        (nn.AvgPool2D(2), "divisor", 3, nn.AvgPool2D(2, divisor_override=3)),
        (nn.AdaptiveAvgPool2D(1), "_output_size", [2, 3], nn.AdaptiveAvgPool2D([2, 3])),
        (nn.AdaptiveMaxPool2D(2), "_return_mask", True, nn.AdaptiveMaxPool2D(2, return_mask=True)),
        (nn.AdaptiveMaxPool1D(2), "output_size", 3, nn.AdaptiveMaxPool1D(3)),
    ],
    ids=lambda x: type(x).__name__ if isinstance(x, nn.Layer) else str(x),
)
def test_attributes_of_pools_have_paddles_names_and_may_be_changed(layer, attribute, value, same):
    x = torch.randn(1, 2, 6, 6)[(slice(None),) * 3 + ((0,) if "1D" in type(layer).__name__ else ())]
    setattr(layer, attribute, value)
    for found, wanted in zip(layer(x), same(x), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert repr(layer) == repr(same)


def test_layer_lists_take_names_too():
    layers = nn.LayerList([nn.ReLU(), nn.Tanh()])
    assert layers["1"] is layers[-1]
    layers["0"] = nn.Tanh()
    assert isinstance(layers[0], nn.Tanh)
    with pytest.raises(KeyError, match="2"):
        layers["2"]


def test_layers_may_be_extended_in_paddles_names():
    class Pool(nn.AdaptiveAvgPool2D):
        def forward(self, x):
            return nn.functional.adaptive_avg_pool2d(x, self._output_size, self._data_format, self._name)

    class Linear(nn.Linear):
        def forward(self, x):
            return nn.functional.linear(x, self.weight, self.bias, self.name)

    class Conv(nn.Conv2D):
        def again(self):
            return nn.Conv2D(
                self._in_channels, self._out_channels, self._kernel_size, self._stride, self._padding, self._dilation,
                self._groups, self._padding_mode, self._param_attr, self._bias_attr, self._data_format,
            )  # fmt: skip

    assert Pool(2)(torch.ones(1, 3, 4, 4)).shape == [1, 3, 2, 2]
    assert Linear(3, 4)(torch.ones(2, 3)).shape == [2, 4]
    assert Conv(4, 6, 3, groups=2, bias_attr=False).again().bias is None


def test_arrays_of_bfloat16_are_loaded_as_what_they_hold():
    layer = nn.Linear(2, 3).to(dtype="bfloat16")
    arrays = {"weight": (paddle.ones([2, 3]) * 1.5).astype("bfloat16").numpy()}
    with pytest.warns(UserWarning, match="bias is not found"):
        layer.set_state_dict(arrays)
    assert (layer.weight.astype("float32").numpy() == 1.5).all()


@pytest.mark.parametrize("options", [{"momentum": 0.3, "epsilon": 0.1}, {"weight_attr": False, "bias_attr": False}])
@pytest.mark.parametrize("data_format", ["NCHW", "NHWC"])
def test_sync_batch_norm_on_one_device_is_batch_norm(options, data_format):
    shape = [2, 3, 4, 5] if data_format == "NCHW" else [2, 4, 5, 3]
    x = paddle.randn(shape)
    pair = [kind(3, data_format=data_format, **options) for kind in (nn.SyncBatchNorm, nn.BatchNorm2D)]
    outputs = [layer(x) for layer in pair]
    assert (outputs[0] == outputs[1]).all()
    assert (pair[0]._variance == pair[1]._variance).all()


def test_fused_kernels_never_see_sizes_that_do_not_fit():
    """torch's kernels would read beyond the tensors."""
    layer = nn.LSTM(4, 5)
    _, traced = paddle.jit.TracedLayer.trace(layer, [paddle.ones([2, 3, 4])])
    with pytest.raises(ValueError, match="LSTM: inputs must be"):
        layer(paddle.ones([2, 3, 7]))
    with pytest.raises(paddle.errors.FxtracedError, match="FXT201"):
        traced([paddle.ones([2, 3, 7])])


def test_train_and_eval_call_none_of_the_layers_below():
    class Frozen(nn.Layer):
        def __init__(self):
            super().__init__()
            self.drop = nn.Dropout()

        def train(self):
            super().eval()

    class FrozenNorm(torch.nn.BatchNorm1d):
        def train(self, mode=True):
            return super().train(False)

    net = nn.Sequential(Frozen(), FrozenNorm(3))
    net.eval()
    assert not any(module.training for module in net.modules())
    net.train()
    assert [module.training for module in net.modules()] == [True, True, True, False]
    net[0].train()
    assert not net[0].training
    assert not net[0].drop.training


@pytest.mark.parametrize("kind", ["SimpleRNN", "LSTM", "GRU"])
def test_a_dropout_that_is_a_whole_number(kind):
    net = getattr(paddle.nn, kind)(4, 3, num_layers=2, dropout=0)
    net.eval()
    x = paddle.rand([2, 5, 4])
    outputs, static = paddle.jit.TracedLayer.trace(net, [x])
    np.testing.assert_allclose(static([x])[0], outputs[0].numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("dtype", [float, "float", "double", "float64", np.float64])
def test_a_layer_in_double_precision(dtype):
    assert paddle.nn.Linear(3, 2).to(dtype=dtype).weight.dtype == paddle.float64
