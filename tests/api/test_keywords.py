"""Every parameter of Paddle's API below the scopes stands in a row with a value that is not its default."""

from __future__ import annotations

import pytest
from harness import TOPICS, rows_of
from keywords import never_exercised
from signatures import table

SCOPES = """
paddle paddle.Tensor paddle.amp paddle.autograd paddle.device paddle.distribution paddle.fft paddle.io paddle.jit
paddle.linalg paddle.metric paddle.optimizer paddle.optimizer.Optimizer paddle.optimizer.lr
paddle.optimizer.lr.LRScheduler paddle.regularizer paddle.signal paddle.static paddle.static.nn paddle.utils
""".split()

# What no row can hold, by API, and why.
SEVERAL = "training on several devices is out of scope"
ON_A_CPU = "Paddle's does nothing on a CPU"
WITHOUT_ROWS = {
    "paddle.DataParallel": (
        {"comm_buffer_size", "find_unused_parameters", "group", "last_comm_buffer_size", "strategy"}, SEVERAL,
    ),
    "paddle.ParamAttr": ({"do_model_average", "regularizer"}, "read by optimizers alone"),
    "paddle.amp.GradScaler": (
        {"decr_every_n_nan_or_inf", "decr_ratio", "incr_every_n_steps", "incr_ratio", "init_loss_scaling",
         "use_dynamic_loss_scaling"}, ON_A_CPU,
    ),
    "paddle.amp.auto_cast": ({"custom_black_list", "custom_white_list", "dtype", "level", "use_promote"}, ON_A_CPU),
    "paddle.amp.decorate": (
        {"dtype", "excluded_layers", "level", "master_grad", "master_weight", "optimizers", "save_dtype"}, ON_A_CPU,
    ),
    "paddle.amp.is_bfloat16_supported": ({"device"}, ON_A_CPU),
    "paddle.amp.is_float16_supported": ({"device"}, ON_A_CPU),
    "paddle.as_strided": ({"offset"}, "Paddle's reads beyond the tensor"),
    "paddle.get_rng_state": ({"device"}, "Paddle's raises AttributeError for any device"),
    "paddle.set_rng_state": ({"device"}, "Paddle's raises AttributeError for any device"),
    "paddle.grad": ({"no_grad_vars", "only_inputs"}, "refused: torch has neither"),
    "paddle.io.DataLoader": (
        {"feed_list", "persistent_workers", "return_list", "timeout", "worker_init_fn"}, "of worker processes",
    ),
    "paddle.jit.to_static": ({"backend"}, "Paddle's needs its compiler"),
    "paddle.optimizer.AdamW": ({"lr_ratio"}, ON_A_CPU),
    "paddle.optimizer.Momentum": ({"rescale_grad"}, ON_A_CPU),
    "paddle.optimizer.Optimizer.minimize": ({"no_grad_set"}, "of static programs"),
    "paddle.nn.BatchNorm": ({"moving_mean_name", "moving_variance_name"}, "a name can be given once in a process"),
    "paddle.nn.SyncBatchNorm": (
        {"bias_attr", "data_format", "epsilon", "momentum", "weight_attr"}, "Paddle's has no kernel on a CPU",
    ),
    "paddle.nn.functional.class_center_sample": ({"group"}, "training on several devices is out of scope"),
    "paddle.nn.functional.scaled_dot_product_attention": (
        {"attn_mask", "dropout_p", "is_causal", "training"}, "Paddle's takes none of them on a CPU",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "scope",
    [*SCOPES, "paddle.nn", "paddle.nn.functional", "paddle.nn.initializer", "paddle.nn.utils", "paddle.vision.ops"],
)
def test_every_parameter_stands_in_a_row(scope: str) -> None:
    calls = [row.call for topic in TOPICS for row in rows_of(topic)]
    excused = {api: names for api, (names, _) in WITHOUT_ROWS.items() if api.rpartition(".")[0] == scope}
    assert never_exercised(calls, table(), scope) == excused
