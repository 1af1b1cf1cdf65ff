"""Config, create_predictor, Predictor."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced import inference
from tests.helpers import floats, layer_of, trace


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
    assert predictor.run() is True
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
    handle.reshape([2, 3])
    with pytest.raises(paddle.errors.FeedError, match=r"was reshaped to \[2, 3\], but received \[3, 3\]"):
        handle.copy_from_cpu(np.zeros((3, 3), "float32"))
    with pytest.raises(TypeError, match="takes a NumPy array"):
        handle.copy_from_cpu([1.0])
    with pytest.raises(TypeError, match="config must be a Config"):
        inference.create_predictor(str(tmp_path))
    with pytest.raises(paddle.errors.ArchiveError, match="there is no model at"):
        inference.create_predictor(inference.Config(str(tmp_path / "nowhere")))


def test_config():
    config = inference.Config("somewhere")
    assert not config.use_gpu()
    config.enable_use_gpu(100, 1)
    assert config.use_gpu()
    assert config.gpu_device_id() == 1
    config.disable_gpu()
    assert config.place() == "cpu"
    with pytest.raises(ValueError, match="device_id must be >= 0"):
        config.enable_use_gpu(device_id=-1)
