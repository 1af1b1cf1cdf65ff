"""The small rooms: one process on one device, mixed precision, summary, devices, downloads, names."""

from __future__ import annotations

import hashlib
import warnings

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.framework import place as places
from tests.helpers import floats, trace

# --- paddle.distributed -----------------------------------------------------------------------------------------------


def test_one_process():
    from fxtraced import distributed as dist

    x, gathered = paddle.ones([2]), []
    dist.init_parallel_env()
    dist.all_reduce(x, op=dist.ReduceOp.MAX)
    dist.broadcast(x, src=0)
    dist.barrier()
    dist.all_gather(gathered, x)
    assert x.tolist() == gathered[0].tolist() == [1, 1]
    assert gathered[0] is not x
    env = dist.ParallelEnv()
    assert (env.rank, env.nranks, env.world_size, env.local_rank, env.device_id, env.dev_id) == (0, 1, 1, 0, 0, 0)
    with pytest.raises(ValueError, match="broadcast: src must be 0"):
        dist.broadcast(x, 1)


def test_data_parallel_is_the_layer():
    net = paddle.nn.Linear(2, 3)
    parallel = paddle.DataParallel(net)
    x = floats(4, 2)
    assert paddle.equal_all(parallel(x), net(x)).item()
    assert list(parallel.state_dict()) == ["weight", "bias"]
    assert [name for name, _ in parallel.named_parameters()] == ["_layers.weight", "_layers.bias"]
    assert parallel.set_state_dict({"weight": np.zeros([2, 3], "float32"), "bias": np.ones([3], "float32")}) == ([], [])
    assert net.bias.tolist() == [1, 1, 1]
    with parallel.no_sync():
        loss = parallel.scale_loss(parallel(x).sum())
    loss.backward()
    parallel.apply_collective_grads()
    assert trace(parallel, x)([x])[0].tolist() == net(x).tolist()


# --- paddle.amp -------------------------------------------------------------------------------------------------------


def test_auto_cast_has_no_effect_on_the_cpu():
    net = paddle.nn.Linear(2, 3)
    with pytest.warns(UserWarning, match="auto_cast has no effect on the CPU"), paddle.amp.auto_cast():
        assert net(floats(4, 2)).dtype == paddle.float32
    with warnings.catch_warnings(), paddle.amp.auto_cast(False), paddle.amp.auto_cast(level="O0"):
        assert net(floats(4, 2)).dtype == paddle.float32


def test_auto_cast_on_a_gpu_is_torchs(monkeypatch):
    asked = []
    monkeypatch.setattr(places, "_current", torch.device("cuda", 0))
    monkeypatch.setattr(torch, "autocast", lambda *arguments: asked.append(arguments) or torch.no_grad())
    with paddle.amp.auto_cast(dtype="bfloat16", level="O2"):
        pass
    assert asked == [("cuda", torch.bfloat16)]


@pytest.mark.parametrize(
    ("options", "text"),
    [({"level": "O3"}, "level should be O0, OD, O1 or O2"), ({"dtype": "float64"}, "dtype should be 'float16' or")],
)
def test_wrong_arguments_of_auto_cast(options, text):
    with pytest.raises(ValueError, match=text), paddle.amp.auto_cast(**options):
        pass


def net_with_norms():
    return paddle.nn.Sequential(paddle.nn.Linear(2, 2), paddle.nn.BatchNorm1D(2), paddle.nn.LayerNorm(2))


def test_decorate_has_no_effect_on_the_cpu():
    net = net_with_norms()
    assert paddle.amp.decorate(net, level="O2") is net
    assert {p.dtype for p in net.parameters()} == {paddle.float32}


@pytest.mark.parametrize(
    ("dtype", "excluded", "cast"),
    [
        ("bfloat16", None, "02"),
        ("float16", None, "0"),
        ("bfloat16", paddle.nn.LayerNorm, "0"),
        ("bfloat16", [paddle.nn.Linear], "2"),
    ],
)
def test_decorate_on_a_gpu_leaves_norms_in_float32(monkeypatch, dtype, excluded, cast):
    net = net_with_norms()
    monkeypatch.setattr(places, "_current", torch.device("cuda", 0))
    assert paddle.amp.decorate(net) is net
    assert paddle.amp.decorate(net, level="O2", dtype=dtype, excluded_layers=excluded) is net
    assert {key[0] for key, p in net.named_parameters() if p.dtype == getattr(paddle, dtype)} == set(cast)


def test_decorate_excludes_a_layer_with_what_it_holds(monkeypatch):
    net = paddle.nn.Sequential(net_with_norms(), paddle.nn.Linear(2, 2))
    monkeypatch.setattr(places, "_current", torch.device("cuda", 0))
    paddle.amp.decorate(net, level="O2", dtype="bfloat16", excluded_layers=net[0])
    assert {key for key, p in net.named_parameters() if p.dtype == paddle.bfloat16} == {"1.weight", "1.bias"}


def test_decorate_with_optimizers():
    net = paddle.nn.Linear(2, 2)
    sgd = paddle.optimizer.SGD(0.1, net.parameters())
    assert paddle.amp.decorate(net, sgd, level="O2", dtype="bfloat16") == (net, sgd)
    with pytest.raises(ValueError, match="master_weight, master_grad and save_dtype are not supported"):
        paddle.amp.decorate(net, level="O2", master_weight=True)


def scaler_on_the_cpu(**options):
    with pytest.warns(UserWarning, match="GradScaler has no effect on the CPU"):
        return paddle.amp.GradScaler(**options)


def test_a_scaler_has_no_effect_on_the_cpu():
    scaler = scaler_on_the_cpu()
    x = paddle.to_tensor([1.0], stop_gradient=False)
    sgd = paddle.optimizer.SGD(0.5, [x])
    scaler.scale(x * 2).backward()
    scaler.step(sgd)
    scaler.update()
    assert (x.item(), scaler.is_enable(), scaler.state_dict()) == (0.0, False, {})


def test_how_a_scaler_works():
    scaler = scaler_on_the_cpu(init_loss_scaling=8.0, incr_every_n_steps=2, decr_every_n_nan_or_inf=1)
    scaler._enable = True  # the arithmetic is the same everywhere
    x = paddle.to_tensor([1.0], stop_gradient=False)
    sgd = paddle.optimizer.SGD(0.5, [x])

    def step(factor):
        sgd.clear_grad()
        scaler.scale(x * factor).backward()
        scaler.step(sgd)
        scaler.update()
        return x.item(), scaler.state_dict()["scale"]

    assert step(1.0) == (0.5, 8.0)
    assert step(float("inf")) == (0.5, 4.0)
    assert [step(0.0), step(0.0)] == [(0.5, 4.0), (0.5, 8.0)]
    sgd.clear_grad()
    scaler.scale(x * 3).backward()
    scaler.unscale_(sgd)
    assert x.grad.item() == 3.0
    with pytest.raises(RuntimeError, match="has already been called"):
        scaler.unscale_(sgd)
    scaler.minimize(sgd, None)
    assert x.item() == -1.0
    other = scaler_on_the_cpu()
    other._enable = True
    other.load_state_dict(scaler.state_dict())
    assert other.state_dict() == scaler.state_dict()


# --- paddle.summary ---------------------------------------------------------------------------------------------------

TABLE = """\
-------------------------------------------------------------
  Layer (type)   Input Shape     Output Shape     Param #
=============================================================
    Conv2D-1    [[1, 3, 8, 8]]   [1, 4, 6, 6]       112
 BatchNorm2D-1  [[1, 4, 6, 6]]   [1, 4, 6, 6]        16
     ReLU-1     [[1, 4, 6, 6]]   [1, 4, 6, 6]        0
   Flatten-1    [[1, 4, 6, 6]]     [1, 144]          0
    Linear-1      [[1, 144]]        [1, 5]          725
=============================================================
Total params: 853
Trainable params: 125
Non-trainable params: 728
-------------------------------------------------------------

"""


def convolutions():
    nn = paddle.nn
    net = nn.Sequential(nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5))
    net[4].weight.stop_gradient = True
    return net


def test_summary_prints_and_returns_paddles_counts(capsys):
    net = convolutions()
    net[1].eval()
    assert paddle.summary(net, (-1, 3, 8, 8)) == {"total_params": 853, "trainable_params": 125}
    assert capsys.readouterr().out == TABLE
    assert [layer.training for layer in net] == [True, False, True, True, True]
    assert not any(layer._forward_hooks for layer in net.sublayers())


def test_summary_of_several_inputs_and_shared_layers(capsys):
    class Net(paddle.nn.Layer):
        def __init__(self):
            super().__init__()
            self.first, self.last = convolutions(), paddle.nn.Linear(5, 2)
            self.unused = self.create_parameter([7])
            self.rnn = paddle.nn.LSTM(5, 3)

        def forward(self, x, y):
            seen = self.first(x)
            return self.last(seen) + self.last(y), self.rnn(paddle.unsqueeze(seen, 1))[0]

    # Counts of paddlepaddle 2.6.2.
    assert paddle.summary(Net(), [(1, 3, 8, 8), (1, 5)]) == {"total_params": 985, "trainable_params": 257}
    embedding = paddle.nn.Embedding(7, 2)
    assert paddle.summary(embedding, (1, 3), dtypes="int64")["total_params"] == 14
    assert paddle.summary(paddle.nn.Linear(3, 2), input=paddle.ones([4, 3]))["total_params"] == 8
    spec = paddle.static.InputSpec([None, 3])
    assert paddle.summary(paddle.nn.Linear(3, 2), spec)["total_params"] == 8
    capsys.readouterr()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "input_size and input cannot be None at the same time"),
        (((-1, None),), "only one size of an input may be -1 or None"),
        (((0, 3),), "sizes must be greater than zero"),
        (([(1, 3)], ["float32", "int64"]), "summary: 1 inputs, but 2 dtypes"),
    ],
)
def test_wrong_arguments_of_summary(arguments, text):
    with pytest.raises(ValueError, match=text):
        paddle.summary(paddle.nn.Linear(3, 2), *arguments)


# --- devices, names, downloads, versions ------------------------------------------------------------------------------


def test_devices():
    device = paddle.device
    assert device.get_device() == "cpu"
    assert device.get_available_device()[0] == device.get_all_device_type()[0] == "cpu"
    assert device.get_all_custom_device_type() == device.get_available_custom_device() == []
    assert not device.is_compiled_with_custom_device("npu")
    for name in ("xpu", "ipu", "cinn", "distribute"):
        assert getattr(device, f"is_compiled_with_{name}")() is getattr(paddle, f"is_compiled_with_{name}")() is False
    device.synchronize()
    assert device.cuda.device_count() == torch.cuda.device_count()
    with pytest.raises(ValueError, match="a GPU is wanted"):
        device.cuda.memory_allocated("cpu")


def test_unique_names():
    name = paddle.utils.unique_name
    with name.guard():
        assert [name.generate("fc"), name.generate("fc")] == ["fc_0", "fc_1"]
        assert paddle.nn.Linear(1, 1).weight.name == "linear_0.w_0"
        with name.guard("A_"):
            assert name.generate("fc") == "A_fc_0"
            # Paddle prefixes the layer and the parameter.
            assert paddle.nn.Linear(1, 1).weight.name == "A_A_linear_0.w_0"
        assert name.generate("fc") == "fc_2"


def test_one_endpoint_of_each_machine_downloads():
    from fxtraced.utils.download import _get_unique_endpoints

    assert _get_unique_endpoints(["10.0.0.2:6171", "10.0.0.2:6170", "127.0.0.1:6170"]) == {
        "10.0.0.2:6170",
        "127.0.0.1:6170",
    }


def test_nothing_is_downloaded(tmp_path, monkeypatch):
    from fxtraced.utils import download

    monkeypatch.setattr(download, "WEIGHTS_HOME", str(tmp_path))
    url = "https://example.com/models/net.pdparams?x=1"
    with pytest.raises(
        FileNotFoundError, match=r"^fxtraced downloads nothing: get https://.* and put it at .*net\.pdpar"
    ):
        download.get_weights_path_from_url(url)
    (tmp_path / "net.pdparams").write_bytes(b"abc")
    assert download.get_weights_path_from_url(url) == str(tmp_path / "net.pdparams")
    assert download.get_weights_path_from_url(url, hashlib.md5(b"abc").hexdigest()) == str(tmp_path / "net.pdparams")
    with pytest.raises(FileNotFoundError, match="has not the MD5 sum 123"):
        download.get_weights_path_from_url(url, "123")
    with pytest.raises(ValueError, match="url must begin with http"):
        download.get_path_from_url("net.pdparams", str(tmp_path))


def test_versions(capsys):
    utils = paddle.utils
    for wanted in ("0.1", "2.6.2", "2"):
        utils.require_version(wanted)
    utils.require_version("2.0.0", "2.6.2")
    with pytest.raises(RuntimeError, match=r"^VersionError: PaddlePaddle >= 2\.6\.3 is required; this is the API of"):
        utils.require_version("2.6.3")
    with pytest.raises(RuntimeError, match="and <= 2.6"):
        utils.require_version("2.0", "2.6")
    with pytest.raises(TypeError, match="min_version must be a str"):
        utils.require_version(2)
    with pytest.raises(ValueError, match=r"a version is like 2\.6\.2, but received '2\.x'"):
        utils.require_version("2.x")
    paddle.version.show()
    assert capsys.readouterr().out.startswith("full_version: 2.6.2\n")


def test_try_import():
    assert paddle.utils.try_import("json").dumps([1]) == "[1]"
    with pytest.raises(ImportError, match="`pip install no_such_package` adds it"):
        paddle.utils.try_import("no_such_package.module")
    with pytest.raises(ImportError, match="^other$"):
        paddle.utils.try_import("no_such_package", "other")


def test_checks_of_types():
    from fxtraced.common_ops_import import check_dtype, check_type, check_variable_and_dtype, convert_dtype

    assert convert_dtype(paddle.int64) == "int64"
    check_variable_and_dtype(paddle.ones([1]), "x", ["float32"], "f")
    with pytest.raises(TypeError, match=r"The type of 'x' in f must be .*, but received <class 'int'>"):
        check_type(3, "x", str, "f")
    with pytest.raises(TypeError, match=r"The data type of 'x' in f must be \['int32'\], but received float32"):
        check_dtype("float32", "x", ["int32"], "f")


def test_a_distribution_repeats_itself_with_a_seed():
    normal = paddle.distribution.Normal(0.0, 1.0)
    assert normal.sample([3], seed=5).tolist() == normal.sample([3], seed=5).tolist()
    loc = paddle.to_tensor([0.0, 1.0], stop_gradient=False)
    normal = paddle.distribution.Normal(loc, paddle.ones([2]))
    assert normal.sample([4]).stop_gradient
    normal.rsample([4]).sum().backward()
    assert loc.grad.tolist() == [4, 4]


# --- paddle.incubate, paddle.static.amp ------------------------------------------------------------------------------


@pytest.mark.parametrize("transposed", [False, True])
def test_fused_linear_is_linear(transposed):
    fused, linear = paddle.incubate.nn.FusedLinear(4, 3, transpose_weight=transposed), paddle.nn.Linear(4, 3)
    assert fused.weight.shape == ([3, 4] if transposed else [4, 3])
    linear.set_state_dict({"weight": fused.weight.T if transposed else fused.weight, "bias": fused.bias})
    x = floats(2, 4)
    np.testing.assert_allclose(fused(x).numpy(), linear(x).numpy(), rtol=1e-5)
    np.testing.assert_array_equal(trace(fused, x)([x])[0], fused(x).numpy())


def test_fused_dropout_add():
    layer = paddle.incubate.nn.FusedDropoutAdd(p=1.0)
    x, y = floats(2, 3), floats(2, 3, seed=1)
    assert layer(x, y).tolist() == y.tolist()
    layer.eval()
    assert layer(x, y).tolist() == (x + y).tolist()
    assert repr(layer) == "FusedDropoutAdd(p=1.0, mode=upscale_in_train)"


def test_fp16_guard_has_no_effect():
    with paddle.static.amp.fp16_guard():
        assert (floats(2) * 2).dtype == paddle.float32
