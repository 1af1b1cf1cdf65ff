"""Whole models as static graphs: equal to the layer at several batch sizes, live while they train, and reloaded."""

from __future__ import annotations

import numpy as np
import pytest

import fxtraced as paddle
from tests import models
from tests.helpers import same_as_layer, trace

TRAINED = [name for name in models.NAMES if getattr(models.load(name), "OPTIMIZERS", None)]


def tensors(name, batch):
    return [paddle.to_tensor(x) for x in models.load(name).inputs(np, batch)]


@pytest.mark.parametrize("name", models.NAMES)
def test_static_and_reloaded_equal_the_layer(name, tmp_path):
    model = models.load(name).make(paddle)
    model.eval()
    traced = trace(model, *tensors(name, 2))
    traced.save_inference_model(str(tmp_path))
    exe = paddle.static.Executor(paddle.CPUPlace())
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), exe)
    for batch in (2, 3, 5):
        inputs = tensors(name, batch)
        same_as_layer(traced, model, *inputs)
        reloaded = exe.run(program, dict(zip(feeds, [x.numpy() for x in inputs], strict=True)), fetches)
        plain = traced.program.plain_runnable(tuple(traced.program.fetch_names))
        for a, b in zip(reloaded, plain(*inputs), strict=True):
            # For weights that need no gradient, as in an archive, torch takes another kernel: "ocr" differs by 6e-9.
            np.testing.assert_allclose(a, b.numpy(), rtol=1e-6, atol=1e-7 * max(1.0, b.abs().max().item()))


@pytest.mark.parametrize("name", TRAINED)
def test_static_graphs_follow_training(name):
    module = models.load(name)
    model = module.make(paddle)
    model.eval()
    inputs = tensors(name, 2)
    traced = trace(model, *inputs)
    optimizer = paddle.optimizer.AdamW(0.01, parameters=model.parameters())
    before = traced(inputs)
    for _ in range(3):
        model.train()
        loss = module.loss(paddle, model(*inputs), np)
        loss.backward()
        optimizer.step()
        optimizer.clear_grad()
        model.eval()
        same_as_layer(traced, model, *inputs)
    assert max(np.abs(a - b).max() for a, b in zip(traced(inputs), before, strict=True)) > 1e-3


@pytest.mark.parametrize("name", ["tagger", "ocr", "multi", "text_classifier", "vit", "translator", "crnn"])
def test_models_are_traced_in_training_mode_too(name, tmp_path):
    model = models.load(name).make(paddle)
    inputs = tensors(name, 2)
    traced = trace(model, *inputs)
    assert model.training
    traced.save_inference_model(str(tmp_path))
    exe = paddle.static.Executor()
    program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path), exe)
    model.eval()
    expected = trace(model, *inputs)(inputs)
    results = exe.run(program, dict(zip(feeds, [x.numpy() for x in inputs], strict=True)), fetches)
    for a, b in zip(results, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
