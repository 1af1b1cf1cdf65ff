"""to_static, jit.save and jit.load."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from fxtraced.static import InputSpec
from tests.helpers import floats, layer_of, linear


class Net(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.norm = paddle.nn.BatchNorm1D(4)
        self.fc = paddle.nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.norm(x))


def saved(layer, path, **options):
    paddle.jit.save(layer, str(path), **options)
    return paddle.jit.load(str(path))


def test_a_saved_layer_comes_back(tmp_path):
    net = Net()
    loaded = saved(net, tmp_path / "new" / "net", input_spec=[InputSpec([None, 4])])
    x = floats(5, 4)
    result = loaded(x)
    assert type(result) is paddle.Tensor
    np.testing.assert_allclose(result.numpy(), net.eval()(x).numpy(), rtol=1e-6)
    np.testing.assert_allclose(loaded(x.numpy()).numpy(), result.numpy())
    assert isinstance(loaded, paddle.jit.TranslatedLayer)
    assert isinstance(loaded, paddle.nn.Layer)
    assert (tmp_path / "new" / "net" / "model.pt").exists()


def test_the_layer_is_left_as_it_was(tmp_path):
    net = Net()
    state = {key: value.numpy().copy() for key, value in net.state_dict().items()}
    numbers = paddle.get_rng_state()[0].clone()
    paddle.jit.save(net, str(tmp_path), input_spec=[InputSpec([None, 4])])
    assert net.training
    assert net.norm.training
    assert paddle.equal_all(paddle.get_rng_state()[0], numbers).item()
    for key, value in net.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), state[key])


@pytest.mark.parametrize("how", ["layer", "forward", "method", "bound"])
def test_to_static_notes_the_specs(how, tmp_path):
    spec = [InputSpec([None, 4])]
    net = Net()
    if how == "layer":
        assert paddle.jit.to_static(net, input_spec=spec) is net
    elif how == "bound":
        net.forward = paddle.jit.to_static(net.forward, spec)
    elif how == "forward":
        net.forward = paddle.jit.to_static(net.forward.__func__, input_spec=spec).__get__(net)
    else:

        class Marked(Net):
            @paddle.jit.to_static(input_spec=spec)
            def forward(self, x):
                return super().forward(x)

        net = Marked()
    loaded = saved(net, tmp_path)
    x = floats(3, 4)
    np.testing.assert_allclose(loaded(x).numpy(), net.eval()(x).numpy(), rtol=1e-6)


def test_a_layer_that_was_marked_still_trains():
    net = paddle.jit.to_static(Net())
    net(floats(3, 4)).sum().backward()
    assert net.fc.weight.grad is not None
    # Control flow on data is what the layer does itself.
    signed = paddle.jit.to_static(layer_of(lambda self, x: x if x.sum() > 0 else -x))
    assert signed(paddle.to_tensor([-2.0])).item() == 2.0


def test_decorated_functions():
    @paddle.jit.to_static
    def double(x):
        return x * 2

    @paddle.jit.not_to_static
    def triple(x):
        return x * 3

    @paddle.jit.not_to_static()
    def plain(x):
        return x

    assert [f(paddle.ones([1])).item() for f in (double, triple, plain)] == [2, 3, 1]


def test_several_outputs_are_a_list_and_examples_are_tensors(tmp_path):
    layer = layer_of(lambda self, x, ids: {"a": self.fc(x), "b": [x[:, 0] * ids]}, linear)
    loaded = saved(layer, tmp_path, input_spec=[floats(3, 4), InputSpec([None], "int64", name="ids")])
    first, second = loaded(floats(2, 4), paddle.to_tensor([1, 2]))
    assert first.shape == [2, 4]
    assert second.shape == [2]


class OfADict(paddle.nn.Layer):
    def forward(self, inputs):
        image, (scale, shift) = inputs["image"], inputs["factors"]
        return image * scale + shift


def test_dicts_and_lists_of_specs(tmp_path):
    spec = paddle.static.InputSpec
    factors = [spec([-1, 1]), paddle.zeros([3, 1])]
    paddle.jit.save(OfADict(), str(tmp_path / "m"), [{"image": spec([-1, 4]), "factors": factors}])
    loaded = paddle.jit.load(str(tmp_path / "m"))
    x = {"image": floats(5, 4), "factors": [floats(5, 1, seed=1), floats(5, 1, seed=2)]}
    # A loaded model takes its inputs in the order of the dict's keys in the spec.
    np.testing.assert_array_equal(loaded(x["image"], *x["factors"]).numpy(), OfADict()(x).numpy())


class Picky(paddle.nn.Layer):
    """Adds an image to itself after halving its sides `halvings` times, as networks with several scales do."""

    def __init__(self, halvings):
        super().__init__()
        self.halvings = halvings

    def forward(self, image):
        small = paddle.nn.functional.avg_pool2d(image, 2**self.halvings)
        return image + paddle.nn.functional.interpolate(small, scale_factor=2**self.halvings)


@pytest.mark.parametrize(("halvings", "traced_at"), [(2, 64), (7, 128), (5, 64)])
def test_a_free_size_is_one_that_forward_takes(halvings, traced_at, tmp_path):
    spec = paddle.static.InputSpec([None, 3, None, None], name="image")
    paddle.jit.save(Picky(halvings), str(tmp_path), [spec])
    loaded, side = paddle.jit.load(str(tmp_path)), 2**halvings
    x = floats(1, 3, 3 * side, 2 * side)
    np.testing.assert_allclose(loaded(x).numpy(), Picky(halvings)(x).numpy(), rtol=1e-6)
    program = paddle.static.load_inference_model(str(tmp_path), paddle.static.Executor())[0]
    assert [size["size"] for size in program.manifest["sizes"]] == [2, 3, traced_at, traced_at]


def test_no_free_size_fits(tmp_path):
    with pytest.raises(RuntimeError, match=r"a \(64\)|64x64"):
        paddle.jit.save(Picky(11), str(tmp_path), [paddle.static.InputSpec([None, 3, None, None])])


def test_a_loaded_model_is_for_inference(tmp_path):
    loaded = saved(Net(), tmp_path, input_spec=[InputSpec([None, 4])])
    assert loaded.eval() is loaded
    assert loaded.to("cpu") is loaded
    assert not loaded.training
    with pytest.raises(RuntimeError, match="a saved model is in inference mode and cannot be trained"):
        loaded.train()
    with pytest.raises(ValueError, match="the dtype of a saved model cannot be changed"):
        loaded.to(dtype="float64")
    with pytest.raises(paddle.errors.FeedError, match="has 1 inputs"):
        loaded(floats(2, 4), floats(2, 4))


@pytest.mark.parametrize(
    ("arguments", "options", "kind", "text"),
    [
        ((3, "x"), {}, TypeError, "The input of paddle.jit.save should be 'Layer', but received input type is"),
        ((Net(), "x"), {}, ValueError, "jit.save: input_spec is needed to trace Net: give jit.save a list"),
        ((Net(), "x", [4]), {}, TypeError, "input_spec must hold InputSpecs and tensors, but it holds 4"),
        ((Net(), "x"), {"foo": 1}, ValueError, "The additional config (foo) of `paddle.jit.save` is not supported."),
    ],
)
def test_wrong_arguments_of_save(arguments, options, kind, text):
    with pytest.raises(kind) as caught:
        paddle.jit.save(*arguments, **options)
    assert text in str(caught.value)


def test_wrong_arguments_of_load_and_to_static(tmp_path):
    with pytest.raises(paddle.errors.ArchiveError, match="FXT401 there is no model at"):
        paddle.jit.load(str(tmp_path / "no"))
    with pytest.raises(ValueError, match=r"config \(foo\) of `paddle.jit.load` is not supported"):
        paddle.jit.load(str(tmp_path), foo=1)
    with pytest.raises(TypeError, match="to_static: a layer or a function is wanted, but received <class 'int'>"):
        paddle.jit.to_static(3)
    with pytest.raises(TypeError, match="to_static: input_spec must be a list or tuple"):
        paddle.jit.to_static(Net(), InputSpec([1]))


def test_data_dependent_layers_are_refused_when_they_are_saved(tmp_path):
    layer = layer_of(lambda self, x: x if x.sum() > 0 else -x)
    with pytest.raises(paddle.errors.DataDependenceError, match="FXT101"):
        paddle.jit.save(layer, str(tmp_path), input_spec=[InputSpec([None, 2])])
    assert layer.training
