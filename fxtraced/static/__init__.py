"""The static world: programs, executors, strategies, inference models."""

from fxtraced.framework.place import CPUPlace, CUDAPlace
from fxtraced.static import amp as amp
from fxtraced.static import nn as nn
from fxtraced.static.compiled_program import CompiledProgram
from fxtraced.static.executor import Executor
from fxtraced.static.input_spec import InputSpec
from fxtraced.static.io import load_inference_model, save_inference_model
from fxtraced.static.program import Program
from fxtraced.static.strategy import BuildStrategy, ExecutionStrategy
from fxtraced.static.variable import Variable

__all__ = [
    "BuildStrategy",
    "CPUPlace",
    "CUDAPlace",
    "CompiledProgram",
    "ExecutionStrategy",
    "Executor",
    "InputSpec",
    "Program",
    "Variable",
    "load_inference_model",
    "save_inference_model",
]
