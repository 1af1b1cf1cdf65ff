"""LeNet (paddle.vision.models.lenet), with Paddle's state-dict keys."""

from __future__ import annotations

from typing import Any

from fxtraced import nn
from fxtraced.tensor.manipulation import flatten


class LeNet(nn.Layer):
    """x [N, 1, 28, 28] -> [N, num_classes]; with num_classes <= 0 there is no `fc` and the result is [N, 16, 5, 5]."""

    def __init__(self, num_classes: int = 10):
        super().__init__()
        self.num_classes = num_classes
        self.features = nn.Sequential(
            nn.Conv2D(1, 6, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2D(2, 2),
            nn.Conv2D(6, 16, 5),
            nn.ReLU(),
            nn.MaxPool2D(2, 2),
        )
        if num_classes > 0:
            self.fc = nn.Sequential(nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, num_classes))

    def forward(self, inputs: Any) -> Any:
        x = self.features(inputs)
        return self.fc(flatten(x, 1)) if self.num_classes > 0 else x
