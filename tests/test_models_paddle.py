"""Whole models against Paddle: keys, shapes, outputs and training losses, as scripts/record_models.py wrote them."""

import numpy as np
import pytest

import fxtraced as paddle
from tests import models
from tests.models import records, zoo

COMPARED = list(dict.fromkeys([*models.NAMES, *(row.NAME for row in zoo.VARIANTS)]))
TRAINED = [(name, way) for name in models.NAMES for way in getattr(models.load(name), "OPTIMIZERS", [])]
CLASSES = {"ResNet", "VGG", "MobileNetV1", "MobileNetV2", "MobileNetV3Small", "MobileNetV3Large", "DenseNet", "AlexNet"}
CLASSES |= {"InceptionV3", "SqueezeNet", "GoogLeNet", "ShuffleNetV2"}


@pytest.fixture
def blank():
    """Weights of zeros where a layer leaves the choice: random ones take most of the time that a large model takes."""
    zero = paddle.nn.initializer.Constant(0.0)
    paddle.nn.initializer.set_global_initializer(zero, zero)
    yield
    paddle.nn.initializer.set_global_initializer(None)


def model_with(name, weights):
    model = models.load(name).make(paddle)
    missing, unexpected = model.set_state_dict(weights)
    assert not missing
    assert not unexpected
    return model


def tensors(name):
    return [paddle.to_tensor(x) for x in models.load(name).inputs(np)]


def arrays(result):
    return [x.numpy() for x in records.flat(result)]


@pytest.mark.usefixtures("blank")
@pytest.mark.parametrize("name", dict.fromkeys([*models.NAMES, *zoo.ROWS]))
def test_keys_and_shapes(name):
    state = models.load(name).make(paddle).state_dict()
    assert [(key, list(value.shape)) for key, value in state.items()] == list(records.Record(name).shapes.items())


@pytest.mark.parametrize("name", COMPARED)
def test_outputs(name):
    record = records.Record(name)
    for i, x in enumerate(models.load(name).inputs(np)):
        if f"input/{i}" in record.entries:
            np.testing.assert_array_equal(x, record.entries[f"input/{i}"])
    model = model_with(name, record.weights)
    model.eval()
    with paddle.no_grad():
        outputs = arrays(model(*tensors(name)))
    assert max(record.differences(outputs)) <= 1e-5


@pytest.mark.parametrize("name", zoo.SMALLEST)
def test_full_size_eager_static_and_reloaded(name, tmp_path):
    record = records.Record(name)
    model = model_with(name, record.weights)
    model.eval()
    eager, static = paddle.jit.TracedLayer.trace(model, tensors(name))
    assert max(record.differences(arrays(eager))) <= 1e-4
    assert static.guards == []
    assert max(record.differences(static(tensors(name)))) <= 1e-4
    static.save_inference_model(str(tmp_path))
    exe = paddle.static.Executor()
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), exe)
    results = exe.run(program, dict(zip(feeds, models.load(name).inputs(np), strict=True)), fetches)
    assert max(record.differences(results)) <= 1e-4


@pytest.mark.parametrize(("name", "optimizer"), TRAINED)
def test_training_losses(name, optimizer):
    record = records.Record(name)
    module = models.load(name)
    model = model_with(name, record.weights)
    model.train()
    step = getattr(paddle.optimizer, optimizer)(learning_rate=0.01, parameters=model.parameters())
    inputs = tensors(name)
    losses = []
    for _ in range(5):
        loss = module.loss(paddle, model(*inputs), np)
        loss.backward()
        step.step()
        step.clear_grad()
        losses.append(float(loss))
    np.testing.assert_allclose(losses, record.entries[f"loss/{optimizer}"], rtol=1e-4)


def test_every_constructor_is_compared():
    assert {row.NAME for row in zoo.FULL} == set(paddle.vision.models.__all__) - CLASSES


@pytest.mark.parametrize("name", [row.NAME for row in zoo.FULL if row.NAME != "LeNet"])
def test_there_are_no_pretrained_weights(name):
    with pytest.raises(ValueError, match=rf"{name}\(pretrained=True\).*set_state_dict"):
        getattr(paddle.vision.models, name)(pretrained=True)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda m: m.ResNet(m.resnet.BasicBlock, 20), ValueError, "one of [18, 34, 50, 101, 152], but received 20"),
        (lambda m: m.DenseNet(layers=100), AssertionError, "supported layers are [121, 161, 169, 201, 264] but"),
        (lambda m: m.SqueezeNet("1.2"), AssertionError, "supported versions are ['1.0', '1.1'] but input version is"),
        (lambda m: m.ShuffleNetV2(scale=0.7), NotImplementedError, "This scale size:[0.7] is not implemented!"),
        (lambda m: m.ShuffleNetV2(act="tanh"), RuntimeError, "The activation function is not supported: tanh"),
    ],
)
def test_wrong_arguments(call, error, text):
    with pytest.raises(error) as raised:
        call(paddle.vision.models)
    assert text in str(raised.value)


def test_families_fix_their_own_arguments():
    model = paddle.vision.models.wide_resnet50_2(num_classes=0, with_pool=False, width=64)
    assert list(model.layer1[0].conv2.weight.shape) == [128, 128, 3, 3]
    assert not hasattr(model, "fc")
    assert not hasattr(model, "avgpool")
