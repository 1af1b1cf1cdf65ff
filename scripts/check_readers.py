"""Read archives with the programs that take TorchScript files, and compare what they calculate.

python scripts/check_readers.py [--out TABLE.md]

`pip install ".[readers]"` installs the readers; one that is not there is left out. Writes archives of two convnets, a
transformer encoder and an MLP, gives the files to each reader, and prints a table: the largest difference of the
reader's outputs from the layer's, relative to their largest magnitude, or the first line of its error. torch reads the
file first for all but pnnx and Netron, which read it by themselves. Netron calculates nothing: it runs in Node.js,
and the operations that it draws are compared with those of the graph.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fxtraced as paddle

warnings.simplefilter("ignore")  # torch and the readers say that TorchScript is deprecated


def _mlp() -> paddle.nn.Layer:
    return paddle.nn.Sequential(
        paddle.nn.Linear(16, 64),
        paddle.nn.GELU(),
        paddle.nn.LayerNorm(64),
        paddle.nn.Linear(64, 10),
        paddle.nn.Softmax(),
    )


def _encoder() -> paddle.nn.Layer:
    return paddle.nn.TransformerEncoder(paddle.nn.TransformerEncoderLayer(64, 4, 128), 2)


MODELS: dict[str, tuple[Callable[[], paddle.nn.Layer], list[int]]] = {
    "ResNet-50": (paddle.vision.models.resnet50, [1, 3, 64, 64]),
    "MobileNetV3": (paddle.vision.models.mobilenet_v3_small, [1, 3, 64, 64]),
    "Transformer encoder": (_encoder, [2, 12, 64]),
    "MLP": (_mlp, [4, 16]),
}


def torch_jit(path: Path, x: torch.Tensor) -> np.ndarray:
    """Plain torch, without fxtraced."""
    with torch.no_grad():
        return torch.jit.load(path)(x).numpy()


def openvino(path: Path, x: torch.Tensor) -> np.ndarray:
    """OpenVINO's converter, then its CPU plugin in float32."""
    import openvino as ov

    model = ov.convert_model(torch.jit.load(path), example_input=(x,))
    compiled = ov.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return compiled(x.numpy())[0]


def onnxruntime(path: Path, x: torch.Tensor) -> np.ndarray:
    """torch.onnx's exporter for TorchScript, then ONNX Runtime."""
    import onnxruntime as ort

    exported = path.with_suffix(".onnx")
    with contextlib.redirect_stdout(io.StringIO()):  # it prints the graph that it fails at
        torch.onnx.export(torch.jit.load(path), (x,), exported, dynamo=False)
    session = ort.InferenceSession(exported, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: x.numpy()})[0]


def pnnx(path: Path, x: torch.Tensor) -> np.ndarray:
    """pnnx's own reader of the file; the module of torch calls that it writes is run."""
    shape = ",".join(map(str, x.shape))
    program = Path(sys.executable).with_name("pnnx")
    done = subprocess.run(
        [program, path, f"inputshape=[{shape}]", "fp16=0"], capture_output=True, text=True, cwd=path.parent, check=False
    )
    written = path.with_name("model_pnnx.py")
    if done.returncode or not written.exists():
        raise RuntimeError((done.stderr or done.stdout).strip().rpartition("\n")[2])
    spec: Any = importlib.util.spec_from_file_location("model_pnnx", written)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        return module.Model().eval()(x).numpy()


def netron(path: Path, x: torch.Tensor) -> str:
    """Netron's own code, in Node.js: whether it draws the operations that the graph has."""
    package = Path(str(importlib.util.find_spec("netron").origin)).parent  # type: ignore[union-attr]
    site = path.parent / "netron"
    # Node.js must be told that these files are modules.
    shutil.copytree(package, site, ignore=shutil.ignore_patterns("*.py", "__pycache__"), dirs_exist_ok=True)
    (site / "package.json").write_text('{"type": "module"}')
    program = Path(__file__).with_name("read_with_netron.mjs")
    done = subprocess.run(["node", program, site, path], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.strip())
    drawn = Counter(x for x in json.loads(done.stdout)["operations"] if x.startswith("aten::"))
    kinds = Counter(node.kind() for node in torch.jit.load(path).inlined_graph.nodes())
    wanted = Counter({kind: count for kind, count in kinds.items() if kind.startswith("aten::")})
    missing = wanted - drawn
    return f"draws {sum(wanted.values())} operations" if drawn == wanted else f"does not draw {dict(missing)}"


# The reader, what must be installed for it, and how it reads: what it calculates, or what is to be said of it.
READERS: dict[str, tuple[str, Callable[[Path, torch.Tensor], np.ndarray | str]]] = {
    "torch.jit.load": ("torch", torch_jit),
    "OpenVINO": ("openvino", openvino),
    "torch.onnx and ONNX Runtime": ("onnxruntime", onnxruntime),
    "pnnx": ("pnnx", pnnx),
    "Netron": ("netron", netron),
}


def installed() -> dict[str, Callable[[Path, torch.Tensor], np.ndarray | str]]:
    """The readers that are there; Netron needs Node.js, too."""
    found = {name: read for name, (module, read) in READERS.items() if importlib.util.find_spec(module)}
    if not shutil.which("node"):
        found.pop("Netron", None)
    return found


def check(
    reader: Callable[[Path, torch.Tensor], np.ndarray | str], path: Path, x: torch.Tensor, expected: np.ndarray
) -> str:
    """What a reader makes of an archive, for the table."""
    try:
        found = reader(path, x)
    except Exception as error:
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:80]}"
    if isinstance(found, str):
        return found
    if found.shape != expected.shape:
        return f"shape {list(found.shape)}, not {list(expected.shape)}"
    return f"{abs(found - expected).max() / abs(expected).max():.0e}"


def table() -> str:
    """One row a reader, one column a model."""
    readers = installed()
    rows = {name: [name] for name in readers}
    with tempfile.TemporaryDirectory() as directory:
        for name, (make, shape) in MODELS.items():
            paddle.seed(0)
            layer = make()
            layer.eval()
            x = paddle.rand(shape)
            outputs, traced = paddle.jit.TracedLayer.trace(layer, [x])
            target = Path(directory) / name.replace(" ", "_")
            traced.save_inference_model(str(target))
            for reader, read in readers.items():
                plain = torch.from_numpy(x.numpy())
                rows[reader].append(check(read, target / "model.pt", plain, outputs.detach().numpy()))
    head = ["reader", *MODELS]
    lines = [head, ["---"] * len(head), *rows.values()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a file for the table")
    given = parser.parse_args()
    text = table()
    print(text)
    if given.out:
        given.out.write_text(f"{text}\n")


if __name__ == "__main__":
    main()
