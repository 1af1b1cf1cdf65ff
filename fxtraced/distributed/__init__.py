"""paddle.distributed for one process on one device: what model code asks and calls in passing."""

from fxtraced.distributed import fleet as fleet
from fxtraced.distributed.collective import (
    ReduceOp,
    all_gather,
    all_reduce,
    barrier,
    broadcast,
    is_available,
    is_initialized,
)
from fxtraced.distributed.parallel import DataParallel as DataParallel
from fxtraced.distributed.parallel import ParallelEnv, get_rank, get_world_size, init_parallel_env

__all__ = [
    "ParallelEnv",
    "ReduceOp",
    "all_gather",
    "all_reduce",
    "barrier",
    "broadcast",
    "get_rank",
    "get_world_size",
    "init_parallel_env",
    "is_available",
    "is_initialized",
]
