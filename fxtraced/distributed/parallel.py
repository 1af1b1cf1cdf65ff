"""The environment of one process, and DataParallel on one device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fxtraced.framework.place import current_device
from fxtraced.nn.layer.layers import Layer

__all__ = ["DataParallel", "ParallelEnv", "get_rank", "get_world_size", "init_parallel_env"]


def get_rank(group: Any = None) -> int:
    """This process's number: 0."""
    return 0


def get_world_size(group: Any = None) -> int:
    """The number of processes: 1."""
    return 1


def init_parallel_env() -> None:
    """Nothing to start for one process."""


class ParallelEnv:
    """What a process knows of its group: it is alone."""

    rank = local_rank = 0
    world_size = nranks = nrings = 1
    current_endpoint = ""

    @property
    def trainer_endpoints(self) -> list[str]:
        return [""]

    @property
    def device_id(self) -> int:
        return current_device().index or 0

    dev_id = device_id


class DataParallel(Layer):
    """A layer on one device, called as it is (paddle.DataParallel). The other arguments are for several devices."""

    def __init__(
        self,
        layers: Layer,
        strategy: Any = None,
        comm_buffer_size: int = 25,
        last_comm_buffer_size: float = 1,
        find_unused_parameters: bool = False,
        group: Any = None,
    ):
        super().__init__(type(layers).__name__.lower() + "_data_parallel")
        self._layers = layers
        self.find_unused_parameters = find_unused_parameters

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        return self._layers(*inputs, **kwargs)

    def state_dict(self, *args: Any, **kwargs: Any) -> Any:
        """The state dict of the layer itself, without a prefix."""
        return self._layers.state_dict(*args, **kwargs)

    def set_state_dict(self, state_dict: Any, use_structured_name: bool = True) -> tuple[list[str], list[str]]:
        """See Layer.set_state_dict, with the names of the layer itself."""
        return self._layers.set_state_dict(state_dict, use_structured_name)

    set_dict = load_dict = set_state_dict

    def scale_loss(self, loss: Any) -> Any:
        """The loss, which one device does not share."""
        return loss

    def apply_collective_grads(self) -> None:
        """The gradients are those of the one device already."""

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """There is nothing to synchronise."""
        yield
