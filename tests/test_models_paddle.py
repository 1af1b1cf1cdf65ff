"""Whole models against Paddle: keys, shapes, outputs and training losses, as scripts/record_models.py wrote them."""

from pathlib import Path

import numpy as np
import pytest

import fxtraced as paddle
from tests import models
from tests.models.weights import filled

RECORDED = Path(models.__file__).parent / "recorded"
TRAINED = [(name, way) for name in models.NAMES for way in getattr(models.load(name), "OPTIMIZERS", [])]


def recorded(name):
    """(keys and shapes, weights, outputs, everything) of a model."""
    record = np.load(RECORDED / f"{name}.npz")
    shapes = {}
    for line in record["keys"]:
        key, _, dims = str(line).rpartition(":")
        shapes[key] = [int(d) for d in dims.split(",") if d]
    if name in models.SEEDED:
        weights = {key: filled(key, shape) for key, shape in shapes.items()}
    else:
        weights = {key: record[f"weight/{key}"] for key in shapes}
    outputs = [record[key] for key in record.files if key.startswith("output/")]
    return shapes, weights, outputs, record


def model_with(name, weights):
    model = models.load(name).make(paddle)
    missing, unexpected = model.set_state_dict(weights)
    assert not missing
    assert not unexpected
    return model


def flat(result):
    if isinstance(result, dict):
        result = list(result.values())
    return list(result) if isinstance(result, list | tuple) else [result]


@pytest.mark.parametrize("name", models.NAMES)
def test_keys_and_shapes(name):
    shapes, *_ = recorded(name)
    state = models.load(name).make(paddle).state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == shapes
    assert list(state) == list(shapes)


@pytest.mark.parametrize("name", models.NAMES)
def test_outputs(name):
    _, weights, expected, record = recorded(name)
    inputs = models.load(name).inputs(np)
    for i, x in enumerate(inputs):
        if f"input/{i}" in record.files:
            np.testing.assert_array_equal(x, record[f"input/{i}"])
    model = model_with(name, weights)
    model.eval()
    with paddle.no_grad():
        outputs = flat(model(*[paddle.to_tensor(x) for x in inputs]))
    assert len(outputs) == len(expected)
    for i, (got, want) in enumerate(zip(outputs, expected, strict=True)):
        got = got.numpy()
        assert got.dtype == want.dtype, f"output {i}"
        assert got.shape == want.shape, f"output {i}"
        scale = abs(want).max()
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5 * scale, err_msg=f"output {i}, scale {scale}")


@pytest.mark.parametrize(("name", "optimizer"), TRAINED)
def test_training_losses(name, optimizer):
    _, weights, _, record = recorded(name)
    module = models.load(name)
    model = model_with(name, weights)
    model.train()
    step = getattr(paddle.optimizer, optimizer)(learning_rate=0.01, parameters=model.parameters())
    inputs = [paddle.to_tensor(x) for x in module.inputs(np)]
    losses = []
    for _ in range(5):
        loss = module.loss(paddle, model(*inputs), np)
        loss.backward()
        step.step()
        step.clear_grad()
        losses.append(float(loss))
    np.testing.assert_allclose(losses, record[f"loss/{optimizer}"], rtol=1e-4)


def test_resnet_says_that_it_has_no_pretrained_weights():
    with pytest.raises(ValueError, match=r"resnet18\(pretrained=True\).*set_state_dict"):
        paddle.vision.models.resnet18(pretrained=True)


@pytest.mark.parametrize(
    ("name", "kwargs", "width", "groups"),
    [
        ("resnext50_32x4d", {}, 128, 32),
        ("resnext101_64x4d", {}, 256, 64),
        ("wide_resnet50_2", {"width": 64}, 128, 1),
    ],
)
def test_resnet_variants(name, kwargs, width, groups):
    model = getattr(paddle.vision.models, name)(num_classes=0, with_pool=False, **kwargs)
    assert list(model.layer1[0].conv2.weight.shape) == [width, width // groups, 3, 3]
    assert not hasattr(model, "fc")
    assert not hasattr(model, "avgpool")


def test_resnet_depth():
    resnet = paddle.vision.models.resnet
    with pytest.raises(ValueError, match=r"depth must be one of \[18, 34, 50, 101, 152\], but received 20"):
        resnet.ResNet(resnet.BasicBlock, 20)
