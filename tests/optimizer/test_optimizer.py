"""Optimizers and schedulers against what real Paddle gave (cases.py)."""

from __future__ import annotations

import copy
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import fxtraced
from fxtraced import optimizer as optimizers

sys.path.insert(0, str(Path(__file__).resolve().parent))

from cases import OPTIMIZERS, RECORDED, SCHEDULERS, plateau, rates, train

PADDLE = json.loads(RECORDED.read_text())


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_five_steps_give_what_paddle_gives(name):
    found = train(name, fxtraced, optimizers)
    assert found.keys() == PADDLE["optimizers"][name].keys()
    # The centred variance is a difference of nearly equal numbers.
    atol = 5e-6 if "centered" in name else 1e-6
    for key, value in PADDLE["optimizers"][name].items():
        np.testing.assert_allclose(found[key], value, rtol=1e-6, atol=atol, err_msg=f"{name}: {key}")


@pytest.mark.parametrize("call", SCHEDULERS)
def test_rates_are_paddles(call):
    np.testing.assert_allclose(rates(call, optimizers.lr), PADDLE["schedulers"][call], rtol=1e-9)


def test_reduce_on_plateau():
    assert plateau(optimizers.lr) == PADDLE["plateau"]


def test_state_goes_over_to_another_optimizer():
    layer = fxtraced.nn.Linear(2, 2)
    first = optimizers.Adam(parameters=layer.parameters())
    layer(fxtraced.to_tensor([[1.0, 2.0]])).sum().backward()
    first.step()
    second = optimizers.Adam(parameters=layer.parameters())
    second.set_state_dict(first.state_dict())
    second.step()
    first.step()
    assert sorted(second.state_dict()) == sorted(first.state_dict())
    for key, value in first.state_dict().items():
        np.testing.assert_array_equal(second.state_dict()[key].numpy(), value.numpy())


def test_bad_arguments_say_what_is_wrong():
    with pytest.raises(TypeError, match="learning rate should be float or LRScheduler"):
        optimizers.SGD("0.1", parameters=[])
    with pytest.raises(AttributeError, match="parameters argument"):
        optimizers.SGD(0.1)


def test_lbfgs_goes_on_from_its_state():
    def optimizer(x, state=None):
        made = optimizers.LBFGS(0.1, max_iter=2, parameters=[x])
        if state is not None:
            made.set_state_dict(state)
        return made

    def step(made, x):
        def closure():
            made.clear_grad()
            loss = (x**4 + x).sum()
            loss.backward()
            return loss

        return made.step(closure).item()

    x = fxtraced.to_tensor([1.0, -2.0], stop_gradient=False)
    first = optimizer(x)
    losses = [step(first, x)]
    y = fxtraced.to_tensor(x.numpy(), stop_gradient=False)
    second = optimizer(y, copy.deepcopy(first.state_dict()))
    losses += [step(first, x), step(first, x)]
    assert [step(second, y), step(second, y)] == losses[1:]
    assert losses == sorted(losses, reverse=True)


def test_lbfgs_has_no_groups():
    x, y = fxtraced.ones([2]), fxtraced.ones([2])
    with pytest.raises(ValueError, match="LBFGS: parameters must be tensors, but received 2 groups"):
        optimizers.LBFGS(parameters=[{"params": [x]}, {"params": [y]}])
