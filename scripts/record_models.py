"""Record the sample models of tests/models under real Paddle 2.6.2.

    python scripts/record_models.py [NAME ...]

Writes tests/models/recorded/<name>.npz: `keys` ("key:dim,dim" of the state dict in order), `output/<i>` in eval mode,
and for the small models `weight/<key>`, `input/<i>` and `loss/<optimizer>` (five training steps).
"""

import sys
from pathlib import Path

import numpy as np
import paddle

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import models
from tests.models.weights import filled, nudged

RECORDED = Path(models.__file__).parent / "recorded"


def flat(result):
    """The tensors of a result in order."""
    if isinstance(result, dict):
        result = list(result.values())
    return list(result) if isinstance(result, (list, tuple)) else [result]


def key_lines(state):
    return np.array([f"{key}:{','.join(map(str, value.shape))}" for key, value in state.items()])


def five_losses(module, weights, optimizer):
    model = module.make(paddle)
    model.set_state_dict(weights)
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
    return np.array(losses)


def record(name):
    module = models.load(name)
    paddle.seed(2024)
    model = module.make(paddle)
    state = {key: value.numpy() for key, value in model.state_dict().items()}
    entries = {"keys": key_lines(state)}
    if name in models.SEEDED:
        weights = {key: filled(key, value.shape) for key, value in state.items()}
    else:
        weights = {key: nudged(key, value) for key, value in state.items()}
        entries |= {f"weight/{key}": value for key, value in weights.items()}
        entries |= {f"input/{i}": value for i, value in enumerate(module.inputs(np))}
    missing, unexpected = model.set_state_dict(weights)
    assert not missing, missing
    assert not unexpected, unexpected
    model.eval()
    outputs = flat(model(*[paddle.to_tensor(x) for x in module.inputs(np)]))
    entries |= {f"output/{i}": value.numpy() for i, value in enumerate(outputs)}
    for optimizer in getattr(module, "OPTIMIZERS", []):
        entries[f"loss/{optimizer}"] = five_losses(module, weights, optimizer)
        print("  ", optimizer, entries[f"loss/{optimizer}"])
    RECORDED.mkdir(exist_ok=True)
    path = RECORDED / f"{name}.npz"
    np.savez_compressed(path, **entries)
    scales = [float(abs(value.numpy()).max()) for value in outputs]
    print(f"{path.name}: {path.stat().st_size // 1024} KiB, outputs {[v.shape for v in outputs]}, largest {scales}")


if __name__ == "__main__":
    for name in sys.argv[1:] or models.NAMES:
        record(name)
