"""Accuracy, precision, recall and the area under the curve, counted over batches."""

from __future__ import annotations

import abc
from typing import Any

import numpy as np
import torch

from fxtraced.tensor.tensor import as_tensor

__all__ = ["Accuracy", "Auc", "Metric", "Precision", "Recall", "accuracy"]


class Metric(abc.ABC):
    """The base of metrics: update counts a batch, accumulate gives the value so far, reset starts anew."""

    @abc.abstractmethod
    def reset(self) -> None:
        """Forget all batches."""

    @abc.abstractmethod
    def update(self, *args: Any) -> Any:
        """Count a batch."""

    @abc.abstractmethod
    def accumulate(self) -> Any:
        """The value over all batches."""

    @abc.abstractmethod
    def name(self) -> Any:
        """The metric's name."""

    def compute(self, *args: Any) -> Any:
        """What update gets, from outputs and labels: these themselves."""
        return args


class Accuracy(Metric):
    """The share of samples whose label is among the k highest scores, for each k of topk."""

    total: list[float]
    count: list[int]

    def __init__(self, topk: Any = (1,), name: str | None = None, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.topk = topk
        self.maxk = max(topk)
        name = name or "acc"
        self._name = [name] if self.maxk == 1 else [f"{name}_top{k}" for k in topk]
        self.reset()

    def compute(self, pred: Any, label: Any, *args: Any) -> Any:
        """Scores [N, ..., C] and labels [N], [N, ..., 1] or one-hot [N, ..., C] -> float32 [N, ..., max k]: hits."""
        order = torch.narrow(torch.argsort(pred, dim=-1, descending=True), -1, 0, self.maxk)
        if label.ndim == 1 or (label.ndim == 2 and label.shape[-1] == 1):
            label = torch.reshape(label, (-1, 1))
        elif label.shape[-1] != 1:
            label = torch.argmax(label, dim=-1, keepdim=True)
        return as_tensor(torch.where(torch.eq(order, label), 1.0, 0.0))

    def update(self, correct: Any, *args: Any) -> Any:
        """Count what compute gave; returns the batch's value, a list for several k."""
        correct = np.asarray(correct)
        samples = int(np.prod(correct.shape[:-1]))
        hits = [float(correct[..., :k].sum()) for k in self.topk]
        self.total = [a + b for a, b in zip(self.total, hits, strict=True)]
        self.count = [a + samples for a in self.count]
        values = [hit / samples for hit in hits]
        return values[0] if len(values) == 1 else values

    def reset(self) -> None:
        self.total = [0.0] * len(self.topk)
        self.count = [0] * len(self.topk)

    def accumulate(self) -> Any:
        values = [total / count if count else 0.0 for total, count in zip(self.total, self.count, strict=True)]
        return values[0] if len(values) == 1 else values

    def name(self) -> list[str]:
        return self._name


class _Ratio(Metric):
    """True positives over true positives and something else."""

    def __init__(self, name: str, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._name = name
        self.reset()

    def reset(self) -> None:
        self.tp = self.other = 0

    def accumulate(self) -> float:
        whole = self.tp + self.other
        return float(self.tp) / whole if whole else 0.0

    def name(self) -> str:
        return self._name


class Precision(_Ratio):
    """The share of labels that are 1 where the score is 0.5 or more."""

    def __init__(self, name: str = "precision", *args: Any, **kwargs: Any):
        super().__init__(name, *args, **kwargs)

    def update(self, preds: Any, labels: Any) -> None:  # type: ignore[override]
        positive, label = np.floor(np.asarray(preds).reshape(-1) + 0.5) == 1, np.asarray(labels).reshape(-1)
        self.tp += int((positive & (label == 1)).sum())
        self.other += int((positive & (label != 1)).sum())


class Recall(_Ratio):
    """The share of scores above 0.5 where the label is 1."""

    def __init__(self, name: str = "recall", *args: Any, **kwargs: Any):
        super().__init__(name, *args, **kwargs)

    def update(self, preds: Any, labels: Any) -> None:  # type: ignore[override]
        # As in Paddle, 0.5 itself is positive for Precision and not for Recall.
        positive, label = np.rint(np.asarray(preds).reshape(-1)) == 1, np.asarray(labels).reshape(-1)
        self.tp += int((positive & (label == 1)).sum())
        self.other += int((~positive & (label == 1)).sum())


class Auc(Metric):
    """The area under the ROC curve, from counts in num_thresholds + 1 steps of the score; `curve` changes nothing."""

    def __init__(self, curve: str = "ROC", num_thresholds: int = 4095, name: str = "auc", *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._name, self._thresholds = name, num_thresholds
        self.reset()

    def update(self, preds: Any, labels: Any) -> None:  # type: ignore[override]
        """preds: [N, 2], the scores of 0 and 1; labels: [N] or [N, 1]."""
        steps = (np.asarray(preds)[:, 1] * self._thresholds).astype(np.int64)
        positive = np.asarray(labels).reshape(-1).astype(bool)
        np.add.at(self._positive, steps[positive], 1)
        np.add.at(self._negative, steps[~positive], 1)

    def reset(self) -> None:
        self._positive = np.zeros(self._thresholds + 1)
        self._negative = np.zeros(self._thresholds + 1)

    def accumulate(self) -> float:
        positive, negative = (np.concatenate([[0.0], np.cumsum(c[::-1])]) for c in (self._positive, self._negative))
        whole = positive[-1] * negative[-1]
        if not whole:
            return 0.0
        area = ((negative[1:] - negative[:-1]) * (positive[1:] + positive[:-1]) / 2).sum()
        return float(area / whole)

    def name(self) -> str:
        return self._name


def accuracy(
    input: Any, label: Any, k: int = 1, correct: Any = None, total: Any = None, name: str | None = None
) -> Any:
    """Scores [N, C] and labels [N, 1] -> the share of labels among the k highest scores, 0-D float32.

    correct and total are Paddle's outputs of static mode and change nothing.
    Raises ValueError for labels of another rank.
    """
    if label.ndim != 2:
        raise ValueError(f"accuracy: label must be [N, 1], but its shape is {list(label.shape)}")
    best = torch.topk(input, k, dim=-1).indices
    hits = torch.where(torch.any(torch.eq(best, label), dim=-1), 1.0, 0.0)
    return as_tensor(torch.mean(hits))
