"""Config: which archive, on which device, calculated how."""

from __future__ import annotations

import copy
import warnings
from typing import Any

from fxtraced.framework.place import convert_place
from fxtraced.inference.types import PrecisionType

# Methods of Paddle's Config that ask for something which has no meaning here, and why.
_WITHOUT_MEANING = {
    "enable_memory_optim": "torch frees every value as soon as the last operation has used it",
    "enable_mkldnn_int8": "archives hold no quantised operations",
    "enable_tensorrt_engine": "graphs run through TorchScript",
    "set_mkldnn_cache_capacity": "torch sizes oneDNN's cache itself",
    "set_optim_cache_dir": "nothing is cached on disk",
    "switch_ir_debug": "print the program: static.load_inference_model(...)[0]",
    "switch_specify_input_names": "inputs always have names",
    "switch_use_feed_fetch_ops": "archives have no feed and fetch operations",
    "enable_profile": "use torch.profiler around run()",
    "disable_glog_info": "nothing is logged",
    "enable_low_precision_io": "an archive's inputs and outputs keep the dtypes of the trace",
    "enable_new_executor": "graphs run through TorchScript",
    "enable_onnxruntime": "graphs run through TorchScript",
    "enable_ort_optimization": "graphs run through TorchScript",
    "disable_onnxruntime": "graphs run through TorchScript",
    "enable_save_optim_model": "save_inference_model saves",
    "collect_shape_range_info": "the archive's manifest has what each size was tried at",
    "set_mkldnn_op": "torch chooses the operations that oneDNN calculates",
    "set_bfloat16_op": "products and what lies between them are calculated in bfloat16",
    "disable_mkldnn_fc_passes": "switch_ir_optim(False) leaves the weights as they are",
    "exp_enable_mixed_precision_ops": "torch's automatic mixed precision has its own list",
    "exp_disable_mixed_precision_ops": "torch's automatic mixed precision has its own list",
    "exp_enable_use_cutlass": "torch chooses the kernels",
    "delete_pass": "switch_ir_optim(False) leaves the graph as it was saved",
    "set_tensorrt_optimization_level": "graphs run through TorchScript",
    "set_trt_dynamic_shape_info": "graphs run through TorchScript",
    "enable_tensorrt_memory_optim": "graphs run through TorchScript",
}
# Questions of Paddle's Config whose answer is always no here.
_NEVER = {
    "lite_engine_enabled", "mkldnn_int8_enabled", "model_from_memory", "onnxruntime_enabled",
    "shape_range_info_collected", "tensorrt_dla_enabled", "tensorrt_dynamic_shape_enabled", "tensorrt_engine_enabled",
    "tensorrt_varseqlen_enabled", "tuned_tensorrt_dynamic_shape", "use_feed_fetch_ops_enabled", "use_opencl", "use_xpu",
}  # fmt: skip
_said: set[str] = set()


class Config:
    """What a predictor is made from (paddle.inference.Config).

    dirname: the directory that save_inference_model wrote, or its model.pt; or another Config, which is copied. It may
    be given later by set_model. params_file: Paddle's second file; an archive is one file, so it changes nothing.
    On the CPU, optimised, in float32 until told otherwise. Raises TypeError for a dirname of another type.
    """

    def __init__(self, dirname: str | Config = "", params_file: str = ""):
        self._precision = PrecisionType.Float32
        self._device = "cpu"
        self._threads = 0
        self._optimise = True
        self._cuda_graph_shapes = 0
        self._memory_pool = 0
        if isinstance(dirname, Config):
            self.__dict__.update(copy.deepcopy(dirname.__dict__))
        else:
            self.set_model(dirname, params_file)

    def set_model(self, dirname: str, params_file: str = "") -> None:
        """Name the archive."""
        for name, value in (("dirname", dirname), ("params_file", params_file)):
            if not isinstance(value, str):
                raise TypeError(f"Config: {name} must be a str, but received {type(value)}")
        self._dirname, self._params_file = dirname, params_file

    def set_prog_file(self, path: str) -> None:
        """Name the archive."""
        self.set_model(path, self._params_file)

    def set_params_file(self, path: str) -> None:
        """Paddle's second file; an archive is one file, so it changes nothing."""
        self.set_model(self._dirname, path)

    def model_dir(self) -> str:
        """The directory of the model."""
        return self._dirname

    def prog_file(self) -> str:
        """The archive's path as it was given."""
        return self._dirname

    def params_file(self) -> str:
        """The second file's path as it was given."""
        return self._params_file

    def enable_use_gpu(
        self,
        memory_pool_init_size_mb: int = 100,
        device_id: int = 0,
        precision_mode: PrecisionType = PrecisionType.Float32,
    ) -> None:
        """Predict on this GPU; torch sizes its own memory pool.

        Raises ValueError for a negative id and for Int8, TypeError for what is no PrecisionType.
        """
        if device_id < 0:
            raise ValueError(f"enable_use_gpu: device_id must be >= 0, but received {device_id}")
        if not isinstance(precision_mode, PrecisionType):
            raise TypeError(f"enable_use_gpu: precision_mode must be a PrecisionType, but received {precision_mode!r}")
        if precision_mode is PrecisionType.Int8:
            raise ValueError("enable_use_gpu: archives hold no quantised operations; use Float32, Half or Bfloat16")
        self._device = f"gpu:{device_id}"
        self._precision = precision_mode
        self._memory_pool = memory_pool_init_size_mb

    def disable_gpu(self) -> None:
        """Predict on the CPU in float32."""
        self._device = "cpu"
        self._precision = PrecisionType.Float32

    def use_gpu(self) -> bool:
        """True after enable_use_gpu."""
        return self._device != "cpu"

    def gpu_device_id(self) -> int:
        """The index of the GPU; 0 on the CPU."""
        return convert_place(self._device).index or 0

    def memory_pool_init_size_mb(self) -> int:
        """What enable_use_gpu was given; torch sizes its own memory pool."""
        return self._memory_pool

    def fraction_of_gpu_memory_for_pool(self) -> float:
        """0: torch's memory pool grows as it is needed."""
        return 0.0

    def specify_input_name(self) -> bool:
        """True: inputs always have names."""
        return True

    def place(self) -> str:
        """The device's name: "cpu" or "gpu:N"."""
        return self._device

    def precision(self) -> PrecisionType:
        """What the predictor calculates in."""
        return self._precision

    def set_cpu_math_library_num_threads(self, cpu_math_library_num_threads: int) -> None:
        """The number of threads of torch's operations, which the whole process shares; set when a predictor is made."""
        if cpu_math_library_num_threads < 1:
            raise ValueError(
                f"set_cpu_math_library_num_threads: at least 1 thread, but received {cpu_math_library_num_threads}"
            )
        self._threads = cpu_math_library_num_threads

    def cpu_math_library_num_threads(self) -> int:
        """The number that was set; 0 leaves torch's as it is."""
        return self._threads

    def enable_mkldnn(self) -> None:
        """Nothing to do: torch uses oneDNN by itself, and switch_ir_optim says whether weights are laid out for it."""

    def disable_mkldnn(self) -> None:
        """Paddle's; torch's oneDNN belongs to the process: torch.backends.mkldnn.enabled."""
        _say("disable_mkldnn", "torch's oneDNN belongs to the process: torch.backends.mkldnn.enabled = False")

    def mkldnn_enabled(self) -> bool:
        """True on the CPU."""
        return not self.use_gpu()

    def enable_mkldnn_bfloat16(self) -> None:
        """Calculate in bfloat16 what loses little by it; results keep the archive's dtypes, and self_test says how far.

        On a CPU that has bfloat16 the graph is lowered once: products, attention without a mask, what lies between
        two of them, and LSTMs in calls of the compiled sizes. Archives without a sample, graphs that write and
        switch_ir_optim(False) leave it to torch's automatic mixed precision.
        """
        self._precision = PrecisionType.Bfloat16

    def switch_ir_optim(self, x: bool = True) -> None:
        """Whether the loaded graph is frozen and its weights laid out for the CPU; True until switched off."""
        self._optimise = bool(x)

    def ir_optim(self) -> bool:
        """True unless switched off."""
        return self._optimise

    def enable_cuda_graph(self, max_shapes: int = 16) -> None:
        """Run each shape of the inputs as a CUDA graph; see Predictor.enable_cuda_graph."""
        if max_shapes < 1:
            raise ValueError(f"enable_cuda_graph: max_shapes must be at least 1, but received {max_shapes}")
        self._cuda_graph_shapes = max_shapes

    def cuda_graph_shapes(self) -> int:
        """How many shapes may run as CUDA graphs; 0 without enable_cuda_graph."""
        return self._cuda_graph_shapes

    def glog_info_disabled(self) -> bool:
        """True: nothing is logged."""
        return True

    def summary(self) -> str:
        """The settings as a table."""
        rows = {
            "model": self._dirname,
            "device": self._device,
            "precision": self._precision.name,
            "threads": self._threads or "torch's",
            "ir_optim": self._optimise,
            "cuda_graph": f"{self._cuda_graph_shapes} shapes" if self._cuda_graph_shapes else False,
        }
        width = max(map(len, rows))
        return "\n".join(f"{name:{width}}  {value}" for name, value in rows.items())

    def __getattr__(self, name: str) -> Any:
        if name in _NEVER:
            return lambda: False
        if name not in _WITHOUT_MEANING:
            raise AttributeError(f"Config has no {name!r}: see paddle.inference in docs/archives.md")

        def without_meaning(*args: Any, **kwargs: Any) -> None:
            _say(name, _WITHOUT_MEANING[name])

        return without_meaning


def _say(name: str, why: str) -> None:
    """Say once in a process that a setting changes nothing."""
    if name not in _said:
        _said.add(name)
        warnings.warn(f"Config.{name} changes nothing here: {why}", stacklevel=3)
