"""Config: which archive, on which device."""

from __future__ import annotations

from fxtraced.framework.place import convert_place


class Config:
    """What a predictor is made from (paddle.inference.Config).

    dirname: the directory that save_inference_model wrote, or its model.pt. On the CPU until enable_use_gpu.
    """

    def __init__(self, dirname: str):
        if not isinstance(dirname, str):
            raise TypeError(f"Config: dirname must be a str, but received {type(dirname)}")
        self._dirname = dirname
        self._device = "cpu"

    def model_dir(self) -> str:
        """The directory of the model."""
        return self._dirname

    def enable_use_gpu(self, memory_pool_init_size_mb: int = 100, device_id: int = 0) -> None:
        """Predict on this GPU; torch sizes its own memory pool. Raises ValueError for a negative id."""
        if device_id < 0:
            raise ValueError(f"enable_use_gpu: device_id must be >= 0, but received {device_id}")
        self._device = f"gpu:{device_id}"

    def disable_gpu(self) -> None:
        """Predict on the CPU."""
        self._device = "cpu"

    def use_gpu(self) -> bool:
        """True after enable_use_gpu."""
        return self._device != "cpu"

    def gpu_device_id(self) -> int:
        """The index of the GPU; 0 on the CPU."""
        return convert_place(self._device).index or 0

    def place(self) -> str:
        """The device's name: "cpu" or "gpu:N"."""
        return self._device
