"""A model with an argument that has no default, in a package that is imported as its users do."""

import paddle
from tiny_downloader import fetch

try:
    from tiny_kernels import mean_rows
except ImportError:

    def mean_rows(x):
        return x.mean([2])


class StripNet(paddle.nn.Layer):
    def __init__(self, class_num):
        super().__init__()
        self.conv = paddle.nn.Conv2D(3, class_num, 3, padding=1)
        self.loader = fetch

    def forward(self, x):
        return mean_rows(self.conv(x))
