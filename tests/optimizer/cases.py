"""Five training steps of every optimizer and fourteen of every scheduler, under Paddle (recorded) and here.

python tests/optimizer/cases.py      # under paddlepaddle 2.6.2: writes recorded/optimizer.json
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

RECORDED = Path(__file__).resolve().parent / "recorded" / "optimizer.json"

OPTIMIZERS = {
    "SGD": "SGD()",
    "SGD decay": "SGD(weight_decay=0.1)",
    "SGD global norm": "SGD(learning_rate=0.1, grad_clip=nn.ClipGradByGlobalNorm(0.5))",
    "SGD norm": "SGD(learning_rate=0.1, grad_clip=nn.ClipGradByNorm(0.5))",
    "SGD value": "SGD(learning_rate=0.1, grad_clip=nn.ClipGradByValue(0.05))",
    "SGD scheduler": "SGD(learning_rate=lr.StepDecay(0.1, 2))",
    "Momentum": "Momentum()",
    "Momentum Nesterov": "Momentum(use_nesterov=True, weight_decay=regularizer.L1Decay(0.01))",
    "Adam": "Adam(learning_rate=0.05)",
    "Adam decay": "Adam(learning_rate=0.05, weight_decay=0.1)",
    "AdamW": "AdamW(learning_rate=0.05, weight_decay=0.1)",
    "AdamW some": "AdamW(learning_rate=0.05, weight_decay=0.5, apply_decay_param_fun=lambda name: 'w_0' in name)",
    "Adagrad": "Adagrad(learning_rate=0.1, initial_accumulator_value=0.1)",
    "RMSProp": "RMSProp(learning_rate=0.1)",
    "RMSProp centered": "RMSProp(learning_rate=0.1, momentum=0.5, centered=True)",
    "Adamax": "Adamax(learning_rate=0.1)",
    "Adadelta": "Adadelta(learning_rate=0.7)",
    "Lamb": "Lamb(learning_rate=0.1)",
}
SCHEDULERS = (
    "NoamDecay(64, 5)", "PiecewiseDecay([3, 6], [0.1, 0.2, 0.3])", "NaturalExpDecay(0.5, 0.1)",
    "InverseTimeDecay(0.5, 0.1)", "PolynomialDecay(0.5, 4)", "PolynomialDecay(0.5, 4, cycle=True, power=2.0)",
    "LinearWarmup(lr.StepDecay(0.5, 2), 3, 0.0, 0.5)", "ExponentialDecay(0.5, 0.9)", "MultiStepDecay(0.5, [2, 5])",
    "StepDecay(0.5, 3)", "LambdaDecay(0.5, lambda epoch: 0.9**epoch)", "MultiplicativeDecay(0.5, lambda epoch: 0.9)",
    "CosineAnnealingDecay(0.5, 4, 0.01)", "LinearLR(0.5, 5)", "OneCycleLR(0.5, 20)",
    "OneCycleLR(0.5, 20, three_phase=True, anneal_strategy='linear')",
    "CyclicLR(0.1, 0.5, 3)", "CyclicLR(0.1, 0.5, 3, 2, 'triangular2')", "CyclicLR(0.1, 0.5, 2, 4, 'exp_range', 0.9)",
    "CyclicLR(0.1, 0.5, 2, scale_fn=lambda x: 1 / (1 + x), scale_mode='iterations')",
    "CosineAnnealingWarmRestarts(0.5, 4)", "CosineAnnealingWarmRestarts(0.5, 2, 2, 0.01)",
)  # fmt: skip
METRICS = (1, 0.9, 0.95, 0.95, 0.95, 0.95, 0.95, 0.8, 0.8, 0.8, 0.8)


def train(name: str, paddle: Any, optimizers: Any) -> dict[str, Any]:
    """The weights and the optimizer's state after five steps; state names lose their trailing number."""
    draw = np.random.RandomState(0)
    layer = paddle.nn.Linear(3, 2)
    layer.set_state_dict({"weight": draw.randn(3, 2).astype("float32"), "bias": draw.randn(2).astype("float32")})
    known = {"nn": paddle.nn, "lr": optimizers.lr, "regularizer": paddle.regularizer, "parameters": layer.parameters()}
    call = OPTIMIZERS[name].replace("(", "(parameters=parameters, ", 1)
    optimizer = eval(f"optimizers.{call}", {**known, "optimizers": optimizers})
    for _ in range(5):
        x = paddle.to_tensor(draw.randn(4, 3).astype("float32"))
        (paddle.tanh(layer(x)) ** 2).mean().backward()
        optimizer.step()
        optimizer.clear_grad()
        if "scheduler" in name:
            optimizer._learning_rate.step()
    found = {"weight": layer.weight.numpy().tolist(), "bias": layer.bias.numpy().tolist()}
    for key, value in optimizer.state_dict().items():
        if hasattr(value, "numpy"):
            found[key.split(".")[1].rsplit("_", 1)[0]] = value.numpy().tolist()
    return found


def rates(call: str, lr: Any) -> list[float]:
    """The first fourteen rates of a scheduler."""
    scheduler = eval(f"lr.{call}", {"lr": lr})
    found = []
    for _ in range(14):
        found.append(scheduler())
        scheduler.step()
    return found


def plateau(lr: Any) -> list[float]:
    """The rates of ReduceOnPlateau along METRICS."""
    scheduler = lr.ReduceOnPlateau(0.5, patience=1, factor=0.5, cooldown=1)
    found = []
    for metric in METRICS:
        scheduler.step(metric)
        found.append(scheduler())
    return found


def main() -> None:
    import paddle

    found = {
        "optimizers": {name: train(name, paddle, paddle.optimizer) for name in OPTIMIZERS},
        "schedulers": {call: rates(call, paddle.optimizer.lr) for call in SCHEDULERS},
        "plateau": plateau(paddle.optimizer.lr),
    }
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
