"""Every callable takes what Paddle's takes: the same parameters in the same order with the same defaults."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from signatures import found_in, parameters_of, table, written

import fxtraced

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = table()
TORCH = "torch's own method of the tensor, and a C function"
MORE = "torch's argument may be given too"
MADE = "programs are made by traces, never by hand"

# Our parameters where they are not Paddle's, and why. A keyword-only parameter more is no difference.
DIFFERENT = {
    "paddle.Tensor.clear_grad": ("(set_to_zero=True)", "the same function as clear_gradient"),
    "paddle.Tensor.clone": ("(name=None)", "the same function as paddle.clone"),
    "paddle.Tensor.coalesce": ("(...)", TORCH),
    "paddle.Tensor.data_ptr": ("(...)", TORCH),
    "paddle.Tensor.detach": ("(...)", TORCH),
    "paddle.Tensor.indices": ("(...)", TORCH),
    "paddle.Tensor.is_contiguous": ("(...)", TORCH),
    "paddle.Tensor.pin_memory": ("(...)", TORCH),
    "paddle.Tensor.to_dense": ("(...)", TORCH),
    "paddle.Tensor.to_sparse_csr": ("(...)", TORCH),
    "paddle.Tensor.values": ("(...)", TORCH),
    "paddle.enable_grad": ("(orig_func=None)", "torch.enable_grad, which decorates and manages contexts alike"),
    "paddle.inference.Tensor": ("(variable)", "a predictor's handle, which only predictors make"),
    "paddle.is_grad_enabled": ("(...)", "torch.is_grad_enabled, a C function"),
    "paddle.autograd.PyLayer": ("()", "never made: its apply is a class method"),
    "paddle.jit.TranslatedLayer": ("(program)", "made by paddle.jit.load alone"),
    "paddle.nn.Layer.forward": ("(*input)", "the base class has no forward of its own"),
    "paddle.nn.Layer.named_buffers": (
        "(prefix='', include_sublayers=True, remove_duplicate=True, *, recurse=True)", MORE,
    ),
    "paddle.nn.Layer.named_parameters": (
        "(prefix='', include_sublayers=True, remove_duplicate=True, *, recurse=True)", MORE,
    ),
    "paddle.nn.Layer.to": ("(device=None, dtype=None, blocking=None, **torch_options)", MORE),
    "paddle.nn.Layer.train": ("(mode=True)", MORE),
    "paddle.static.Variable": ("(name, shape, dtype, program)", MADE),
    "paddle.static.load_inference_model": ("(path_prefix, executor=None, **kwargs)", "it needs no executor"),
    "paddle.static.save_inference_model": (
        "(path_prefix, feed_vars, fetch_vars, executor=None, **kwargs)", "it needs no executor",
    ),
}  # fmt: skip

ATTRIBUTES = {"paddle.Tensor.is_sparse", "paddle.Tensor.is_sparse_csr"}


def present() -> list[str]:
    """What Paddle and we both have, where Paddle's signature can be read."""
    return [api for api, theirs in TABLE.items() if theirs is not None and found_in(fxtraced, api)[0] is not None]


@pytest.mark.parametrize("api", [api for api in present() if api not in ATTRIBUTES])
def test_signature_is_paddles(api: str) -> None:
    theirs = TABLE[api]
    assert theirs is not None
    ours = parameters_of(*found_in(fxtraced, api))
    if api in DIFFERENT:
        assert written(ours) == DIFFERENT[api][0] != written(theirs)
        return
    assert ours is not None, f"{api} has no signature; Paddle takes {written(theirs)}"
    shared = [parameter for parameter in ours if parameter[1] != "keyword" or parameter in theirs]
    assert shared == theirs, f"{api}{written(ours)}; Paddle takes {written(theirs)}"


def test_known_differences_are_of_what_is_there() -> None:
    assert set(DIFFERENT) <= set(present())


def test_the_document_and_the_names_are_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("write_api_docs", ROOT / "scripts" / "write_api_docs.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    written_now = (ROOT / "docs" / "api.md").read_text()
    # Not compared as a whole by assert: its explanation of a difference would take minutes.
    assert (written_now == script.text()) is True, "run scripts/write_api_docs.py"
    names = ROOT / "fxtraced" / "cli" / "paddle_api.json"
    assert (names.read_text() == script.names_and_differences()) is True, "run scripts/write_api_docs.py"
