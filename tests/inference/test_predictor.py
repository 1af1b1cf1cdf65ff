"""Config, create_predictor, Predictor."""

from __future__ import annotations

import gc
import threading
import weakref

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced import inference
from tests.helpers import floats, layer_of, linear, trace


@pytest.fixture
def predictor(tmp_path):
    trace(layer_of(lambda self, x, y: (x + y, x * y)), floats(2, 3), floats(2, 3)).save_inference_model(str(tmp_path))
    return inference.create_predictor(inference.Config(str(tmp_path)))


def test_handles(predictor):
    assert predictor.get_input_names() == ["x", "y"]
    assert predictor.get_output_names() == ["fetch_0", "fetch_1"]
    x, y = np.full((4, 3), 2.0, "float32"), np.full((4, 3), 5.0, "float32")
    for name, value in (("x", x), ("y", y)):
        handle = predictor.get_input_handle(name)
        handle.reshape([4, 3])
        handle.copy_from_cpu(value)
    assert predictor.run() is None
    np.testing.assert_array_equal(predictor.get_output_handle("fetch_0").copy_to_cpu(), x + y)
    np.testing.assert_array_equal(predictor.get_output_handle("fetch_1").copy_to_cpu(), x * y)
    assert predictor.get_output_handle("fetch_1").shape() == [4, 3]


def test_tensors(predictor):
    total, product = predictor.run([floats(5, 3), floats(5, 3, seed=1)])
    assert isinstance(total, paddle.Tensor)
    np.testing.assert_array_equal(product.numpy(), (floats(5, 3) * floats(5, 3, seed=1)).numpy())


def test_errors(predictor, tmp_path):
    with pytest.raises(paddle.errors.FetchError, match="no value yet"):
        predictor.get_output_handle("fetch_0").copy_to_cpu()
    with pytest.raises(paddle.errors.FetchError, match="no variable 'z'"):
        predictor.get_input_handle("z")
    with pytest.raises(paddle.errors.FeedError, match=r"missing \['x', 'y'\]"):
        predictor.run()
    with pytest.raises(paddle.errors.FeedError, match="has 2 inputs"):
        predictor.run([floats(2, 3)])
    handle = predictor.get_input_handle("x")
    with pytest.raises(ValueError, match=r"reshape: 'x' needs sizes of at least 0, but received \[-1, 3\]"):
        handle.reshape([-1, 3])
    with pytest.raises(TypeError, match="takes a NumPy array"):
        handle.copy_from_cpu([1.0])
    with pytest.raises(TypeError, match="config must be a Config"):
        inference.create_predictor(str(tmp_path))
    with pytest.raises(paddle.errors.ArchiveError, match="there is no model at"):
        inference.create_predictor(inference.Config(str(tmp_path / "nowhere")))


def test_an_output_handle_is_ours_alone(predictor):
    x = np.ones((2, 3), "float32")
    predictor.get_input_handle("x").share_external_data(x)
    predictor.get_input_handle("y").share_external_data(paddle.to_tensor(x))
    predictor.run()
    first = predictor.get_output_handle("fetch_0").copy_to_cpu()
    x[:] = 5
    predictor.run()
    np.testing.assert_array_equal(first, 2)
    np.testing.assert_array_equal(predictor.get_output_handle("fetch_0").copy_to_cpu(), 6)
    assert predictor.get_input_handle("x").type() is inference.DataType.FLOAT32


def test_reshape(predictor):
    """As in Paddle: an array brings its own shape, and reshape gives a value another one."""
    handle = predictor.get_input_handle("x")
    handle.reshape([2, 3])
    assert handle.shape() == [2, 3]
    handle.copy_from_cpu(np.zeros((5, 3), "float32"))
    assert handle.shape() == [5, 3]
    handle.copy_from_cpu(np.arange(6, dtype="float32"))
    handle.reshape([2, 3])
    predictor.get_input_handle("y").copy_from_cpu(np.ones((2, 3), "float32"))
    predictor.run()
    np.testing.assert_array_equal(predictor.get_output_handle("fetch_1").copy_to_cpu(), [[0, 1, 2], [3, 4, 5]])
    handle.reshape([4, 3])  # Paddle runs on whatever lies in the memory now
    with pytest.raises(paddle.errors.FeedError, match=r"missing \['x'\]"):
        predictor.run()


def test_a_model_is_freed_at_once(tmp_path, predictor):
    """When it is replaced, and with its last predictor: memory must not wait for the garbage collector."""
    own = inference.create_predictor(inference.Config(str(tmp_path)))
    gc.collect()
    gc.disable()
    try:
        for end in (own.reload, own.__dict__.clear):
            program = weakref.ref(own._cell.served.program)
            end()
            assert program() is None
    finally:
        gc.enable()


@pytest.mark.skipif(torch.cuda.is_available(), reason="for machines without a GPU")
def test_a_gpu_that_is_not_there(tmp_path, predictor):
    config = inference.Config(str(tmp_path))
    config.enable_use_gpu(100, 1)
    with pytest.raises(paddle.errors.PlaceError, match="FXT305 torch sees 0 GPUs, and cuda:1 is none of them"):
        inference.create_predictor(config)


def test_out_of_memory(tmp_path):
    def forward(self, x):
        return (x.reshape([-1, 1]) + x.reshape([1, -1])).sum()

    traced = trace(layer_of(forward), floats(8))
    traced.save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    huge = floats(12_000_000)  # its sums need more than a 47-bit address reaches
    for run, where in ((traced, r"torch.add\(.*test_predictor.py"), (predictor.run, "torch.add")):
        with pytest.raises(
            paddle.errors.OutOfMemoryError,
            match=rf"FXT307 .*{where}.* needs more memory .* allocate 576000000000000 bytes",
        ) as caught:
            run([huge])
        assert isinstance(caught.value, MemoryError)
        assert run([floats(8)])


def test_clones_have_handles_of_their_own(predictor):
    other = predictor.clone()
    one = np.ones((2, 3), "float32")
    for each, factor in ((predictor, 1), (other, 2)):
        for name in ("x", "y"):
            each.get_input_handle(name).copy_from_cpu(one * factor)
    predictor.run()
    other.run()
    np.testing.assert_array_equal(predictor.get_output_handle("fetch_0").copy_to_cpu(), 2)
    np.testing.assert_array_equal(other.get_output_handle("fetch_0").copy_to_cpu(), 4)


def test_a_pool(tmp_path, predictor):
    pool = inference.PredictorPool(inference.Config(str(tmp_path)), 3)
    assert len(pool) == 3
    assert pool.retrive(0)._cell is pool.retrieve(2)._cell
    with pytest.raises(IndexError, match="has 3 predictors, but received index 3"):
        pool.retrieve(3)
    with pytest.raises(ValueError, match="at least 1, but received 0"):
        inference.PredictorPool(inference.Config(str(tmp_path)), 0)


def test_self_test_and_warm_up(predictor):
    assert predictor.self_test() == {"fetch_0": 0.0, "fetch_1": 0.0}
    predictor.warm_up()
    predictor.warm_up([[5, 3], [5, 3]])
    with pytest.raises(ValueError, match="2 shapes are wanted, but received 1"):
        predictor.warm_up([[5, 3]])
    assert predictor.try_shrink_memory() == 0
    predictor.clear_intermediate_tensor()


def save_network(directory, seed, width=16):
    paddle.seed(seed)
    net = paddle.nn.Sequential(
        paddle.nn.Conv2D(3, width, 3), paddle.nn.BatchNorm2D(width), paddle.nn.ReLU(), paddle.nn.Flatten(),
        paddle.nn.Linear(width * 36, 4),
    )  # fmt: skip
    net.eval()
    traced = trace(net, floats(2, 3, 8, 8))
    traced.save_inference_model(str(directory))
    return net


def test_an_optimised_model_gives_the_same(tmp_path):
    net = save_network(tmp_path, 0)
    x = floats(5, 3, 8, 8, seed=3)
    config = inference.Config(str(tmp_path))
    config.switch_ir_optim(False)
    for chosen in (config, inference.Config(str(tmp_path))):
        predictor = inference.create_predictor(chosen)
        np.testing.assert_allclose(predictor.run([x])[0].numpy(), net(x).numpy(), rtol=1e-5, atol=1e-6)
        assert max(predictor.self_test().values()) < 1e-5


def test_reload(tmp_path, predictor):
    first, second = save_network(tmp_path / "a", 1), save_network(tmp_path / "b", 2)
    x = floats(2, 3, 8, 8)
    served = inference.create_predictor(inference.Config(str(tmp_path / "a")))
    clone = served.clone()
    served.reload(str(tmp_path / "b"))
    for each in (served, clone):
        np.testing.assert_allclose(each.run([x])[0].numpy(), second(x).numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(paddle.errors.ArchiveError, match=r"has the inputs \['x: float32, rank 2', .* is served has"):
        served.reload(str(tmp_path))
    with pytest.raises(paddle.errors.ArchiveError, match="there is no model at"):
        served.reload(str(tmp_path / "nowhere"))
    served.reload(str(tmp_path / "a"))
    np.testing.assert_allclose(clone.run([x])[0].numpy(), first(x).numpy(), rtol=1e-5, atol=1e-6)


def test_reload_under_load(tmp_path):
    """No request is lost, and each is answered by one model or the other."""
    nets = [save_network(tmp_path / name, seed) for seed, name in enumerate("ab")]
    x = floats(2, 3, 8, 8)
    expected = [net(x).numpy() for net in nets]
    served = inference.create_predictor(inference.Config(str(tmp_path / "a")))
    answers, stop = [], threading.Event()

    def ask():
        while not stop.is_set():
            answers.append(served.run([x])[0].numpy())

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for name in "bababa":
        served.reload(str(tmp_path / name))
    stop.set()
    for thread in threads:
        thread.join()
    assert answers
    assert all(any(np.allclose(answer, each, atol=1e-5) for each in expected) for answer in answers)


def test_bfloat16(tmp_path):
    net = save_network(tmp_path, 0)
    config = inference.Config(str(tmp_path))
    config.enable_mkldnn_bfloat16()
    predictor = inference.create_predictor(config)
    x = floats(2, 3, 8, 8)
    result = predictor.run([x])[0]
    assert result.dtype is paddle.float32
    difference = abs(result.numpy() - net(x).numpy()).max()
    assert 0 < difference < 0.05
    with pytest.raises(paddle.errors.SelfTestError, match=r"FXT403 .* 'fetch_0' by .* and 1e-07 is allowed"):
        predictor.self_test(tolerance=1e-7)


def test_config(recwarn):
    config = inference.Config("somewhere", "weights")
    assert (config.model_dir(), config.prog_file(), config.params_file()) == ("somewhere", "somewhere", "weights")
    assert not config.use_gpu()
    config.enable_use_gpu(100, 1, inference.PrecisionType.Half)
    assert config.use_gpu()
    assert config.gpu_device_id() == 1
    assert config.precision() is inference.PrecisionType.Half
    copied = inference.Config(config)
    config.disable_gpu()
    assert config.place() == "cpu"
    assert copied.place() == "gpu:1"
    config.set_cpu_math_library_num_threads(2)
    assert config.cpu_math_library_num_threads() == 2
    assert config.ir_optim()
    assert config.mkldnn_enabled()
    assert config.glog_info_disabled()
    config.enable_mkldnn()
    assert config.summary().splitlines() == [
        "model       somewhere",
        "device      cpu",
        "precision   Float32",
        "threads     2",
        "ir_optim    True",
        "cuda_graph  False",
    ]
    assert not recwarn


def test_config_files_and_what_is_always_off(recwarn):
    config = inference.Config("somewhere")
    config.set_prog_file("elsewhere/model.pt")
    config.set_params_file("weights")
    assert (config.prog_file(), config.params_file()) == ("elsewhere/model.pt", "weights")
    config.enable_use_gpu(200, 0)
    assert config.memory_pool_init_size_mb() == 200
    assert config.fraction_of_gpu_memory_for_pool() == 0.0
    assert config.specify_input_name()
    for off in (
        "tensorrt_engine_enabled",
        "onnxruntime_enabled",
        "use_xpu",
        "mkldnn_int8_enabled",
        "model_from_memory",
    ):
        assert getattr(config, off)() is False
    assert not recwarn


def test_what_has_no_meaning_says_so_once(recwarn):
    for _ in range(2):
        inference.Config("x").enable_memory_optim()
    assert [str(x.message) for x in recwarn] == [
        "Config.enable_memory_optim changes nothing here: torch frees every value as soon as the last operation has "
        "used it"
    ]


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (lambda c: c.enable_use_gpu(device_id=-1), ValueError, "device_id must be >= 0, but received -1"),
        (lambda c: c.enable_use_gpu(1, 0, "half"), TypeError, "must be a PrecisionType, but received 'half'"),
        (lambda c: c.enable_use_gpu(1, 0, inference.PrecisionType.Int8), ValueError, "no quantised operations"),
        (lambda c: c.set_cpu_math_library_num_threads(0), ValueError, "at least 1 thread, but received 0"),
        (lambda c: c.enable_xpu(), AttributeError, "Config has no 'enable_xpu'"),
        (lambda c: c.enable_cuda_graph(0), ValueError, "max_shapes must be at least 1, but received 0"),
        (lambda c: c.set_model_buffer(b"", 0, b"", 0), AttributeError, "Config has no 'set_model_buffer'"),
        (lambda c: inference.Config(3), TypeError, "dirname must be a str, but received <class 'int'>"),
        (lambda c: inference.get_num_bytes_of_data_type("int8"), TypeError, "must be a DataType"),
    ],
)
def test_wrong_settings(wrong, error, message):
    with pytest.raises(error, match=message):
        wrong(inference.Config("x"))


def test_types():
    assert inference.get_num_bytes_of_data_type(inference.DataType.FLOAT16) == 2
    assert inference.get_version().startswith("fxtraced: ")


def test_the_precision_is_the_configs(tmp_path):
    """And not that of a torch.autocast around the call."""
    layer = layer_of(lambda self, x: self.fc(x), linear)
    trace(layer, floats(2, 4)).save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    x = floats(5, 4)
    (wanted,) = predictor.run([x])
    predictor.get_input_handle("x").copy_from_cpu(x.numpy())
    with torch.autocast("cpu", torch.bfloat16):
        (got,) = predictor.run([x])
        predictor.run()
        assert predictor.self_test() == {"fetch_0": 0.0}
        assert torch.is_autocast_enabled("cpu")
    np.testing.assert_array_equal(got.numpy(), wanted.numpy())
    np.testing.assert_array_equal(predictor.get_output_handle("fetch_0").copy_to_cpu(), wanted.numpy())


def test_a_masked_array_is_no_input(tmp_path):
    """NumPy would give what lies under the mask."""
    layer = layer_of(lambda self, x: x * 2)
    trace(layer, floats(2, 4)).save_inference_model(str(tmp_path))
    predictor = inference.create_predictor(inference.Config(str(tmp_path)))
    array = np.ma.masked_greater(floats(2, 4).numpy(), 0)
    for give in ("copy_from_cpu", "share_external_data"):
        with pytest.raises(TypeError, match=f"{give}: 'x' takes .*MaskedArray.*fill it"):
            getattr(predictor.get_input_handle("x"), give)(array)
    program = paddle.static.load_inference_model(str(tmp_path))[0]
    with pytest.raises(paddle.errors.FeedTypeError, match="FXT302 feed 'x' must be an array .*MaskedArray.*fill it"):
        paddle.static.Executor().run(program, {"x": array})
