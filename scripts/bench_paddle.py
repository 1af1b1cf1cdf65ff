"""A model of scripts/bench_models.py in Paddle Inference, called when scripts/bench.py says so.

PADDLE'S_PYTHON scripts/bench_paddle.py MODEL DIRECTORY PRECISION THREADS

DIRECTORY holds the weights (weights.npz) and the inputs (feeds.npz). PRECISION is float32 or bfloat16. Commands come
line by line, and each is answered with a line: "run SECONDS" calls the predictor for that long and gives the mean
seconds of a call; "result FILE" writes the first output as float32 numbers.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import paddle

# The models are written against Paddle's names: here they are Paddle's own.
sys.modules["fxtraced"] = paddle

from bench_models import make  # noqa: E402


def predictor_of(name: str, place: Path, precision: str, threads: int) -> Any:
    """Paddle Inference with oneDNN on the model with the weights in place."""
    layer, _ = make(name)
    weights = np.load(place / "weights.npz")
    layer.set_state_dict({key: weights[key] for key in weights.files})
    feeds = list(np.load(place / "feeds.npz").values())
    spec = [paddle.static.InputSpec(x.shape, str(x.dtype)) for x in feeds]
    paddle.jit.save(layer, str(place / "model"), input_spec=spec)
    config = paddle.inference.Config(f"{place / 'model'}.pdmodel", f"{place / 'model'}.pdiparams")
    config.disable_gpu()
    config.enable_mkldnn()
    if precision == "bfloat16":
        config.enable_mkldnn_bfloat16()
    config.set_cpu_math_library_num_threads(threads)
    config.switch_ir_optim(True)
    config.enable_memory_optim()
    config.disable_glog_info()
    predictor = paddle.inference.create_predictor(config)
    for key, value in zip(predictor.get_input_names(), feeds, strict=True):
        predictor.get_input_handle(key).copy_from_cpu(value)
    return predictor


def main() -> None:
    # What Paddle prints belongs to no answer.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    name, place, precision, threads = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
    predictor = predictor_of(name, place, precision, threads)
    output = predictor.get_output_handle(predictor.get_output_names()[0])
    print("ready", file=answers)
    for line in sys.stdin:
        command, value = line.split()
        if command == "run":
            calls, start = 0, time.perf_counter()
            while (passed := time.perf_counter() - start) < float(value) or not calls:
                predictor.run()
                output.copy_to_cpu()
                calls += 1
            print(passed / calls, file=answers)
        else:
            predictor.run()
            output.copy_to_cpu().astype("float32").tofile(value)
            print("written", file=answers)


if __name__ == "__main__":
    main()
