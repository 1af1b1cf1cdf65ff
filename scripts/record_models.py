"""Record the sample models of tests/models under real Paddle 2.6.2.

    python scripts/record_models.py [NAME ...]

Writes tests/models/recorded/<name>.npz: `keys` ("key:dim,dim" of the state dict in order), `output_shapes` and
`output/<i>` in eval mode, condensed where the weights come from seeds (tests/models/records.py); for the others also
`weight/<key>`, `input/<i>` and `loss/<optimizer>` (five training steps).
"""

import sys
from pathlib import Path

import numpy as np
import paddle

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests import models
from tests.models import records
from tests.models.weights import filled, nudged


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
    state = model.state_dict()
    entries = {"keys": records.key_lines(state)}
    if name in models.WRITTEN:
        weights = {key: nudged(key, value.numpy()) for key, value in state.items()}
        entries |= {f"weight/{key}": value for key, value in weights.items()}
        entries |= {f"input/{i}": value for i, value in enumerate(module.inputs(np))}
    else:
        weights = {key: filled(key, value.shape) for key, value in state.items()}
    missing, unexpected = model.set_state_dict(weights)
    assert not missing, missing
    assert not unexpected, unexpected
    model.eval()
    with paddle.no_grad():
        outputs = [x.numpy() for x in records.flat(model(*[paddle.to_tensor(x) for x in module.inputs(np)]))]
    entries["output_shapes"] = np.array([",".join(map(str, x.shape)) for x in outputs])
    kept = outputs if name in models.WRITTEN else [records.condensed(x) for x in outputs]
    entries |= {f"output/{i}": x for i, x in enumerate(kept)}
    for optimizer in getattr(module, "OPTIMIZERS", []):
        entries[f"loss/{optimizer}"] = five_losses(module, weights, optimizer)
        print("  ", optimizer, entries[f"loss/{optimizer}"])
    records.FOLDER.mkdir(exist_ok=True)
    path = records.FOLDER / f"{name}.npz"
    np.savez_compressed(path, **entries)
    scales = [float(abs(x).max()) for x in outputs]
    print(f"{path.name}: {path.stat().st_size // 1024} KiB, outputs {[x.shape for x in outputs]}, largest {scales}")


if __name__ == "__main__":
    for name in sys.argv[1:] or dict.fromkeys([*models.NAMES, *models.zoo.ROWS]):
        record(name)
