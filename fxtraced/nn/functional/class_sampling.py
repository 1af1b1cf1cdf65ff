"""class_center_sample, which Paddle keeps in paddle.nn.functional.common."""

from __future__ import annotations

from typing import Any

import torch

from fxtraced.nn.functional._arguments import cast, check_integers


def class_center_sample(label: Any, num_classes: int, num_samples: int, group: Any = None) -> tuple[Any, Any]:
    """(label [N] as places in the sample, the sample): the classes of label in rising order, then random others.

    There are num_samples of them, more when label has more classes. group belongs to training on several devices,
    which is out of scope.
    """
    check_integers("class_center_sample", "label", label)
    if num_samples > num_classes:
        raise ValueError(
            f"class_center_sample: num_samples must not be above num_classes, but received {num_samples} and "
            f"{num_classes}"
        )
    classes = torch.arange(num_classes, device=label.device)
    present = torch.index_fill(torch.zeros_like(classes), 0, cast(label, torch.int64), 1)
    chance = torch.rand([num_classes], device=label.device)
    order = torch.argsort(torch.where(present > 0, -1.0 / (classes + 1), chance))
    count = torch.clamp(torch.sum(present), min=num_samples)
    sample = torch.masked_select(order, classes < count)
    places = torch.index_select(torch.argsort(order), 0, torch.reshape(label, [-1]))
    return cast(places, label.dtype), cast(sample, label.dtype)
