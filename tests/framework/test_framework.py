"""dtypes, places, seeds, and what importing fxtraced brings in."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch

import fxtraced as paddle
from fxtraced.framework.dtype import convert_dtype, dtype_name


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("float32", torch.float32),
        ("paddle.int64", torch.int64),
        (torch.bool, torch.bool),
        (np.float64, torch.float64),
        (np.dtype("int8"), torch.int8),
        (bool, torch.bool),
        (int, torch.int64),
        (float, torch.float64),
        (complex, torch.complex128),
        ("torch.float32", torch.float32),
        ("int", torch.int64),
        ("float", torch.float64),
        ("half", torch.float16),
        ("double", torch.float64),
        ("long", torch.int64),
        ("bool_", torch.bool),
        ("<f4", torch.float32),
        ("uint16", torch.bfloat16),
        ("bfloat16", torch.bfloat16),
    ],
)
def test_convert_dtype(given, expected):
    assert convert_dtype(given) is expected


@pytest.mark.parametrize(
    "wrong", ["float33", "Float32", "float32 ", "", "uint32", "str", "f4,i4", 3, None, object(), str, list]
)
def test_unknown_dtypes(wrong):
    with pytest.raises(TypeError, match="unknown dtype .*: expected one of bool, uint8"):
        convert_dtype(wrong)


def test_dtypes_are_torchs_and_have_paddles_names():
    assert paddle.float32 is torch.float32
    assert dtype_name(paddle.complex64) == "complex64"
    assert isinstance(paddle.int32, paddle.dtype)


def test_default_dtype():
    assert paddle.get_default_dtype() == "float32"
    paddle.set_default_dtype("float64")
    assert paddle.zeros([1]).dtype == paddle.float64
    assert paddle.nn.Linear(2, 2).weight.dtype == paddle.float64
    assert torch.get_default_dtype() is torch.float32
    with pytest.raises(TypeError, match="only supports floating dtypes"):
        paddle.set_default_dtype("int32")


def test_seed_repeats_random_numbers():
    paddle.seed(7)
    first = paddle.rand([4]).numpy()
    paddle.seed(7)
    np.testing.assert_array_equal(paddle.rand([4]).numpy(), first)


@pytest.mark.parametrize(("given", "number"), [(False, 0), (True, 1), (3.7, 3), ("5", 5), (np.int64(6), 6)])
def test_seed_takes_what_int_takes(given, number):
    paddle.seed(given)
    first = paddle.rand([4]).numpy()
    paddle.seed(number)
    np.testing.assert_array_equal(paddle.rand([4]).numpy(), first)


@pytest.mark.parametrize(("given", "error"), [("x", ValueError), (None, TypeError)])
def test_what_is_no_seed(given, error):
    with pytest.raises(error, match=r"int\(\)"):
        paddle.seed(given)


def test_set_device():
    assert repr(paddle.set_device("cpu")) == "Place(cpu)"
    with pytest.raises(ValueError, match="unknown device 'xpu'"):
        paddle.set_device("xpu")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="torch sees 0 GPUs"):
            paddle.set_device("gpu:0")


def test_import_brings_in_nothing_heavy():
    program = (
        "import sys, torch; before = set(sys.modules); import fxtraced; new = set(sys.modules) - before; "
        "print([n for n in new if not n.startswith(('fxtraced', 'torch.'))])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = ("sympy", "scipy", "networkx", "torchvision", "pandas", "jinja2")
    assert not [name for name in heavy if f"'{name}" in done.stdout], done.stdout


def test_the_public_namespace_is_whole():
    assert len(set(paddle.__all__)) == len(paddle.__all__)
    missing = [name for name in paddle.__all__ if not hasattr(paddle, name)]
    assert missing == []
