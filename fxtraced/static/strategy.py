"""BuildStrategy and ExecutionStrategy: every attribute of paddlepaddle 2.6.2, with what it does here."""

from __future__ import annotations

import enum
import warnings
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from fxtraced.passes.pipeline import PARTITIONING, PIPELINE

_WARNED: set[str] = set()


class ReduceStrategy(enum.IntEnum):
    """paddle.static.BuildStrategy.ReduceStrategy."""

    AllReduce = 0
    Reduce = 1
    _NoReduce = 2


class GradientScaleStrategy(enum.IntEnum):
    """paddle.static.BuildStrategy.GradientScaleStrategy."""

    CoeffNumDevice = 0
    One = 1
    Customized = 2


class Setting(NamedTuple):
    """One attribute: its default, the types it takes, and what it does here ("" when it has no meaning)."""

    default: Any
    kinds: tuple[type, ...]
    meaning: str = ""


class _Strategy:
    """Attributes with defaults, checked types, and one warning for those without a meaning on PyTorch."""

    SETTINGS: ClassVar[dict[str, Setting]]

    def __init__(self) -> None:
        for name, setting in self.SETTINGS.items():
            default = setting.default.copy() if isinstance(setting.default, set | list) else setting.default
            object.__setattr__(self, name, default)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None:
        kind = type(self).__name__
        setting = self.SETTINGS.get(name)
        if setting is None:
            raise AttributeError(f"{kind!r} object has no attribute {name!r}; it has {', '.join(self.SETTINGS)}")
        if not _fits(value, setting.kinds):
            wanted = " or ".join(k.__name__ for k in setting.kinds)
            raise TypeError(f"{kind}.{name} must be {wanted}, but received {type(value)}: {value!r}")
        if not setting.meaning and value != setting.default and name not in _WARNED:
            _WARNED.add(name)
            warnings.warn(f"{kind}.{name} has no meaning on PyTorch and is ignored", UserWarning, stacklevel=2)
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be deleted")

    def __repr__(self) -> str:
        changed = {k: getattr(self, k) for k, s in self.SETTINGS.items() if getattr(self, k) != s.default}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in changed.items())})"


class BuildStrategy(_Strategy):
    """How a graph is built (paddle.static.BuildStrategy): switches of the passes; see docs/strategies.md."""

    ReduceStrategy = ReduceStrategy
    GradientScaleStrategy = GradientScaleStrategy

    SETTINGS = {
        "allow_cuda_graph_capture": Setting(False, (bool,)),
        "async_mode": Setting(False, (bool,)),
        "bkcl_comm_num": Setting(1, (int,)),
        "build_cinn_pass": Setting(False, (bool,), "Python execution goes through torch.compile"),
        "cache_runtime_context": Setting(False, (bool,)),
        "debug_graphviz_path": Setting("", (str,), "the optimised graph is written to this file as Graphviz text"),
        "enable_addto": Setting(False, (bool,)),
        "enable_auto_fusion": Setting(False, (bool,)),
        "enable_backward_optimizer_op_deps": Setting(True, (bool,)),
        "enable_inplace": Setting(True, (bool,), "activations write over an input that nothing else uses"),
        "enable_sequential_execution": Setting(False, (bool,)),
        "fix_op_run_order": Setting(False, (bool,)),
        "fuse_adamw": Setting(False, (bool,)),
        "fuse_all_optimizer_ops": Setting(False, (bool,)),
        "fuse_all_reduce_ops": Setting(True, (bool,)),
        "fuse_bn_act_ops": Setting(False, (bool,), "the activation after a batch norm writes over its result"),
        "fuse_bn_add_act_ops": Setting(True, (bool,), "the addition after a batch norm writes over its result"),
        "fuse_broadcast_ops": Setting(True, (bool,)),
        "fuse_elewise_add_act_ops": Setting(
            False, (bool,), "an addition writes over an operand that nothing else uses"
        ),
        "fuse_gemm_epilogue": Setting(False, (bool,), "matmul + bias becomes one linear call"),
        "fuse_relu_depthwise_conv": Setting(
            False, (bool,), "the activation around a convolution writes over its input"
        ),
        "fused_attention": Setting(
            False, (bool,), "matmul, scale, softmax, matmul become scaled_dot_product_attention"
        ),
        "fused_feedforward": Setting(False, (bool,), "matmul + bias becomes one linear call"),
        "gradient_scale_strategy": Setting(GradientScaleStrategy.CoeffNumDevice, (GradientScaleStrategy,)),
        "hierarchical_allreduce_inter_nranks": Setting(0, (int,)),
        "is_distribution": Setting(False, (bool,)),
        "memory_optimize": Setting(
            None, (bool, type(None)), "elementwise results go into operands that nothing else uses"
        ),
        "mkldnn_enabled_op_types": Setting(set(), (set,)),
        "nccl_comm_num": Setting(1, (int,)),
        "num_trainers": Setting(1, (int,)),
        "reduce_strategy": Setting(ReduceStrategy.AllReduce, (ReduceStrategy,)),
        "remove_unnecessary_lock": Setting(True, (bool,)),
        "sequential_run": Setting(False, (bool,)),
        "sync_batch_norm": Setting(False, (bool,)),
        "trainer_id": Setting(0, (int,)),
        "trainers_endpoints": Setting([], (list,)),
        "use_hierarchical_allreduce": Setting(False, (bool,)),
    }

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "deleted_passes", frozenset())
        object.__setattr__(self, "lower_precision", False)

    def enable_mkldnn_bfloat16(self) -> None:
        """Calculate in bfloat16 on a CPU that has it, as inference.Config's method of this name lets a predictor do.

        Products with weights, attention without a mask, LSTMs, and what lies between two of them: the pass
        lower_precision.
        Weights stay the layer's, live; results keep their dtypes and differ from float32's by about 1e-2 of their
        scale, which CompiledProgram.verify measures. Where it is more than 1e-1, the graph stays in float32, and a
        warning says so. Without effect on other CPUs and on GPUs.
        """
        object.__setattr__(self, "lower_precision", True)

    def delete_pass(self, name: str) -> None:
        """Leave a pass of the pipeline out, by its name in the report. Raises ValueError when there is none."""
        known = [*dict.fromkeys(step.name for step in PIPELINE), PARTITIONING]
        if name not in known:
            raise ValueError(f"BuildStrategy.delete_pass: there is no pass {name!r}; the passes are {', '.join(known)}")
        object.__setattr__(self, "deleted_passes", self.deleted_passes | {name})

    def __repr__(self) -> str:
        deleted = "".join(f" without {name}" for name in sorted(self.deleted_passes))
        return super().__repr__() + deleted + (" in bfloat16" if self.lower_precision else "")


class ExecutionStrategy(_Strategy):
    """How a graph is run (paddle.static.ExecutionStrategy); see docs/strategies.md."""

    SETTINGS = {
        "allow_op_delay": Setting(False, (bool,)),
        "num_iteration_per_drop_scope": Setting(100, (int,)),
        "num_iteration_per_run": Setting(
            1, (int,), "the graph runs this many times a call; the last results come back"
        ),
        "num_threads": Setting(0, (int,), "threads of one operation during the call; 0 leaves torch's number"),
        "use_experimental_executor": Setting(True, (bool,)),
        "use_thread_barrier": Setting(False, (bool,)),
    }


def _fits(value: Any, kinds: tuple[type, ...]) -> bool:
    if isinstance(value, bool) and bool not in kinds:
        return False
    return isinstance(value, kinds)
