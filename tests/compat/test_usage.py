"""What real Paddle model code uses is there: the tables of usage, and Paddle's own modules and what they define.

The tables count files of 15 public Paddle repositories; modules.json lists what paddlepaddle 2.6.2 defines where.
"""

from __future__ import annotations

import csv
import importlib
import json
from pathlib import Path

import pytest

import fxtraced as paddle

RECORDED = Path(__file__).parent / "recorded"
OUT_OF_SCOPE = ("distributed", "incubate", "fluid", "amp", "sparse", "hapi", "static.amp")
STATIC_GRAPH = "builds a static graph by hand; here graphs come from TracedLayer.trace"

# Everything else of the tables exists.
MISSING = {
    "Tensor.block": "of a variable in a static program; no attribute of Paddle's eager tensors either",
    "Tensor.create_parameter": "no method of Paddle's tensors either: a Layer's",
    "paddle.static.default_startup_program": STATIC_GRAPH,
    "paddle.static.nn.fc": STATIC_GRAPH,
    "paddle.static.nn.sparse_embedding": "an embedding on parameter servers",
}

# Out of the scope, and there: code calls them in passing.
IN_PASSING = """
    paddle.DataParallel paddle.amp.GradScaler paddle.amp.auto_cast paddle.device.get_device
    paddle.device.is_compiled_with_cuda paddle.device.is_compiled_with_custom_device
    paddle.device.is_compiled_with_rocm paddle.device.is_compiled_with_xpu paddle.distributed.ParallelEnv
    paddle.distributed.ReduceOp paddle.distributed.all_gather paddle.distributed.all_reduce
    paddle.distributed.fleet.utils.recompute paddle.distributed.get_rank paddle.distributed.get_world_size
    paddle.distributed.init_parallel_env paddle.distributed.is_initialized paddle.hapi.hub.get_path_from_url
    paddle.framework.ParamAttr paddle.framework.core paddle.framework.get_default_dtype paddle.base.ParamAttr
    paddle.base.core.VarDesc.VarType.FP32 paddle.base.core.eager.Tensor paddle.base.dygraph.to_variable
    paddle.base.framework.EagerParamBase
    paddle.base.framework._stride_in_no_check_dy2st_diff paddle.base.framework.in_dygraph_mode
    paddle.base.unique_name.generate
    paddle.common_ops_import.convert_dtype paddle.nn.layer.transformer._convert_param_attr_to_list
    paddle.nn.loss.MarginRankingLoss paddle.utils.flatten paddle.utils.map_structure paddle.utils.require_version
    paddle.utils.unique_name.guard
""".split()


def table(name):
    with open(RECORDED / name, newline="") as file:
        return list(csv.DictReader(file))


def in_scope(row):
    excluded = any(row["api"].startswith(f"paddle.{room}.") for room in OUT_OF_SCOPE)
    return int(row["model_files"]) >= 3 and row["status"] != "absent_in_2.6.2" and not excluded


USED = [row["api"] for row in table("usage.csv") if in_scope(row)]
PRIORITY = [row["item"] for row in table("priority.csv")]
TENSOR_MEMBERS = [f"Tensor.{row['member']}" for row in table("tensor_members.csv")]
# `training` is an attribute of layers, not of their class.
METHODS = [row["member"] for row in table("layer_methods.csv") if row["member"] != "training"]
LAYER_METHODS = [f"paddle.nn.Layer.{method}" for method in METHODS]
NEEDED = {*USED, *PRIORITY, *TENSOR_MEMBERS, *LAYER_METHODS}


def find(name):
    """The object of a dotted Paddle name. Raises AttributeError when it is not there."""
    found = paddle
    for i, part in enumerate(parts := name.removeprefix("paddle.").split(".")):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(".".join(["fxtraced", *parts[: i + 1]]))
            except ImportError:
                raise AttributeError(name) from None
    return found


def exists(name):
    try:
        find(name)
    except AttributeError:
        return False
    return True


@pytest.mark.parametrize("name", sorted(NEEDED))
def test_what_model_code_uses_exists(name):
    assert exists(name) is (name not in MISSING), MISSING.get(name, "missing, and not in the list of what is")


def test_the_list_of_what_is_missing_names_nothing_else():
    assert set(MISSING) <= NEEDED


@pytest.mark.parametrize("name", IN_PASSING)
def test_what_code_calls_in_passing_exists(name):
    assert exists(name)


# --- modules ----------------------------------------------------------------------------------------------------------

MODULES = json.loads((RECORDED / "modules.json").read_text())
PUBLIC = (paddle, paddle.nn, paddle.nn.functional, paddle.nn.initializer, paddle.linalg, paddle.optimizer, paddle.jit)

# Public names that the module which defines them in Paddle does not have here, and why.
ELSEWHERE = {
    "paddle.autograd.ir_backward": {"grad": "of Paddle's new intermediate representation"},
    "paddle.nn.initializer.Bilinear": {"Bilinear": "a module and its class of one name"},
    "paddle.nn.utils.spectral_norm_hook": dict.fromkeys(("SpectralNorm", "normal_"), "not the public one of this name"),
    "paddle.tensor.creation": {"create_parameter": "parameters belong to nn, which builds on tensor"},
}


@pytest.mark.parametrize("module", MODULES)
def test_public_names_are_where_paddle_defines_them(module):
    """from paddle.nn.layer.norm import LayerNorm: what exists in public is in the module that Paddle defines it in."""
    wanted = {name for name in MODULES[module] if any(name in room.__all__ for room in PUBLIC)}
    try:
        holds = vars(importlib.import_module(module.replace("paddle", "fxtraced", 1)))
    except ImportError:
        holds = {}
    assert wanted - set(holds) == set(ELSEWHERE.get(module, {}))
