"""Pooling and unpooling of one to three dimensions: every option, odd sizes, both layouts."""

# ruff: noqa: E501

from rows import f32, f64, row

LINE, IMAGE, LAST = f32(2, 3, 11), f32(2, 3, 7, 9), f32(2, 7, 9, 3)
VOLUME, VOLUME_LAST = f32(1, 2, 5, 6, 7), f32(1, 5, 6, 7, 2)


def functional(calls: tuple[str, ...], x: object) -> list[object]:
    return [row(f"paddle.nn.functional.{call}", x=x) for call in calls]


def layers(calls: tuple[str, ...], x: object) -> list[object]:
    return [row(f"paddle.nn.{call}", x=x) for call in calls]


LINES = functional((
    "avg_pool1d(x, 3)", "avg_pool1d(x, [3], [2], [1])", "avg_pool1d(x, 3, 2, 1, exclusive=False)",
    "avg_pool1d(x, 3, 2, 1, ceil_mode=True)", "avg_pool1d(x, 4, 3, 1, False, True)", "avg_pool1d(x, 3, 2, 'SAME')",
    "avg_pool1d(x, 3, 2, 'VALID')", "avg_pool1d(x, 3, 2, padding=[1, 0])", "max_pool1d(x, 3)", "max_pool1d(x, 3, 2, 1)",
    "max_pool1d(x, 3, 2, 1, return_mask=True)", "max_pool1d(x, 4, 3, ceil_mode=True)", "max_pool1d(x, 3, 2, 'SAME')",
    "max_pool1d(x, 3, 2, padding='VALID')", "max_pool1d(x, 4, 3, 1, True, True)", "adaptive_avg_pool1d(x, 4)",
    "adaptive_avg_pool1d(x, [5])", "adaptive_max_pool1d(x, 4)", "adaptive_max_pool1d(x, 5, return_mask=True)",
    "adaptive_avg_pool1d(x, 20)",
    "max_unpool1d(*paddle.nn.functional.max_pool1d(x, 2, return_mask=True), 2)",
    "max_unpool1d(*paddle.nn.functional.max_pool1d(x, 3, 2, 1, return_mask=True), 3, stride=2, padding=1)",
    "max_unpool1d(*paddle.nn.functional.max_pool1d(x, 2, return_mask=True), 2, output_size=[1, 11])",
    "max_unpool1d(*paddle.nn.functional.max_pool1d(x, 2, return_mask=True), 2, output_size=[2, 3, 1, 11])",
    "max_unpool1d(*paddle.nn.functional.max_pool1d(x, 2, return_mask=True), 2, data_format='NLC')",
), LINE) + layers((
    "AvgPool1D(3, 2, 1, ceil_mode=True)", "AvgPool1D(kernel_size=4, stride=3, padding=1, exclusive=False)", "MaxPool1D(3, 2, 1)",
    "MaxPool1D(3, stride=2, padding=1, return_mask=True)", "MaxPool1D(4, 3, ceil_mode=True)", "AdaptiveAvgPool1D(5)",
    "AdaptiveMaxPool1D(4)", "AdaptiveMaxPool1D(4, return_mask=True)",
), LINE)  # fmt: skip

IMAGES = functional((
    "avg_pool2d(x, 3, [2, 3], [1, 0], True, False, 4)", "avg_pool2d(x, (4, 3), 2, [[0, 0], [0, 0], [1, 0], [0, 1]])",
    "avg_pool2d(x, 3, 2, 1, divisor_override=2.5)", "avg_pool2d(x, 3, 1, 'SAME', exclusive=False)",
    "avg_pool2d(x, [3, 9], ceil_mode=True)", "max_pool2d(x, [4, 2], [3, 1], 1)", "max_pool2d(x, 3, 2, [[0, 0], [0, 0], [1, 0], [0, 1]])",
    "max_pool2d(x, (3, 2), (2, 1), (1, 0), True, True)", "max_pool2d(x, 3, 1, 'SAME', return_mask=True)",
    "adaptive_avg_pool2d(x, [None, 4])", "adaptive_avg_pool2d(x, (4, 20))", "adaptive_max_pool2d(x, [None, 4])",
    "adaptive_max_pool2d(x, (5, 7), return_mask=True)", "adaptive_avg_pool2d(x, output_size=[3, 5])",
    "max_unpool2d(*paddle.nn.functional.max_pool2d(x, 3, 2, 1, return_mask=True), kernel_size=3, stride=2, padding=1)",
    "max_unpool2d(*paddle.nn.functional.max_pool2d(x, 2, return_mask=True), 2, output_size=[2, 3, 7, 9])",
    "max_unpool2d(*paddle.nn.functional.max_pool2d(x, 2, return_mask=True), 2, data_format='NHWC')",
    "max_unpool2d(*paddle.nn.functional.max_pool2d(x, [2, 3], return_mask=True), [2, 3], output_size=(7, 9))",
    "max_unpool2d(*paddle.nn.functional.max_pool2d(x, 2, return_mask=True), 2, output_size=[70, 9])",
    "avg_pool2d(x, 3, 2, 'same', True)", "avg_pool2d(x, 3, data_format='NCW')", "max_pool2d(x, 3, padding='OTHER')",
    "avg_pool2d(x, 0)", "max_pool2d(x, 3, 0)", "max_pool2d(x, [2, 2, 2])", "avg_pool2d(x, 2, [1, 2, 3])",
    "avg_pool2d(x, 2, 2, [1, 2, 3])",
), IMAGE) + layers((
    "AvgPool2D(3, 2, 1, divisor_override=4)", "AvgPool2D([3, 4], [2, 1], [1, 0], True, False)", "MaxPool2D(3, 2, ceil_mode=True)",
    "MaxPool2D((3, 2), (2, 1), (1, 0), True, True)", "AdaptiveAvgPool2D([3, None])", "AdaptiveMaxPool2D([3, 2], return_mask=True)",
    "AdaptiveMaxPool2D((None, 4))",
), IMAGE) + functional((
    "avg_pool2d(x, 3, 2, 1, data_format='NHWC')", "avg_pool2d(x, 3, 2, [[0, 0], [1, 0], [0, 1], [0, 0]], data_format='NHWC')",
    "avg_pool2d(x, 3, 2, 'SAME', exclusive=False, data_format='NHWC')", "max_pool2d(x, 3, 2, 1, ceil_mode=True, data_format='NHWC')",
    "max_pool2d(x, 3, 2, return_mask=True, data_format='NHWC')", "adaptive_avg_pool2d(x, [3, None], data_format='NHWC')",
), LAST) + layers((
    "AvgPool2D(3, 2, 1, data_format='NHWC')", "MaxPool2D(3, 2, 1, data_format='NHWC')", "AdaptiveAvgPool2D((3, 4), data_format='NHWC')",
), LAST)  # fmt: skip

VOLUMES = functional((
    "avg_pool3d(x, 2)", "avg_pool3d(x, 3, 2, 1)", "avg_pool3d(x, 3, 2, 1, ceil_mode=True)", "avg_pool3d(x, 3, 2, 1, exclusive=False)",
    "avg_pool3d(x, [2, 3, 2], divisor_override=3)", "avg_pool3d(x, 3, 2, 'SAME')", "avg_pool3d(x, 2, 2, [1, 0, 0, 1, 1, 1])",
    "max_pool3d(x, 2)", "max_pool3d(x, 3, stride=2, padding=1)", "max_pool3d(x, 3, 2, ceil_mode=True)",
    "max_pool3d(x, [2, 3, 2], [1, 2, 3], 'SAME')", "max_pool3d(x, 3, 2, 1, return_mask=True)", "adaptive_avg_pool3d(x, 3)",
    "adaptive_avg_pool3d(x, [2, None, 3])", "adaptive_max_pool3d(x, [2, 3, 4])", "adaptive_max_pool3d(x, 2, return_mask=True)",
    "max_unpool3d(*paddle.nn.functional.max_pool3d(x, 2, return_mask=True), 2)",
        "max_unpool3d(*paddle.nn.functional.max_pool3d(x[:, :, :, :5], 3, 2, 1, return_mask=True), kernel_size=3, stride=2, padding=1)",
    "max_unpool3d(*paddle.nn.functional.max_pool3d(x, 2, return_mask=True), 2, output_size=[5, 6, 7])",
    "max_unpool3d(*paddle.nn.functional.max_pool3d(x, 2, return_mask=True), 2, data_format='NDHWC')",
), VOLUME) + layers((
    "AvgPool3D(3, 2, 1)", "AvgPool3D(3, stride=2, padding=1, ceil_mode=True, exclusive=False)", "AvgPool3D(2, divisor_override=3)",
    "MaxPool3D(3, 2, 1)", "MaxPool3D(3, stride=2, padding=1, return_mask=True)", "MaxPool3D(3, 2, ceil_mode=True)",
    "AdaptiveAvgPool3D([2, None, 3])", "AdaptiveMaxPool3D([2, 3, 4])", "AdaptiveMaxPool3D(2, return_mask=True)",
), VOLUME) + functional((
    "avg_pool3d(x, 2, data_format='NDHWC')", "max_pool3d(x, 3, 2, 1, data_format='NDHWC')",
    "adaptive_avg_pool3d(x, [2, 3, None], data_format='NDHWC')",
), VOLUME_LAST) + layers((
    "AvgPool3D(2, data_format='NDHWC')", "MaxPool3D(3, 2, 1, data_format='NDHWC')", "AdaptiveAvgPool3D(3, data_format='NDHWC')",
), VOLUME_LAST)  # fmt: skip


def unpooled(dims: int, shape: tuple[int, ...], pooled: str, unpool: str) -> object:
    return row(
        f"paddle.nn.MaxUnPool{dims}D({unpool})(*paddle.nn.functional.max_pool{dims}d(x, {pooled}, return_mask=True))",
        x=f32(*shape),
    )


UNPOOLED = [
    unpooled(1, (2, 3, 10), "2", "2"), unpooled(1, (2, 3, 11), "3, 2, 1", "3, 2, 1"),
    unpooled(1, (2, 3, 11), "2", "2, output_size=[1, 11]"), unpooled(1, (2, 3, 10), "2", "2, data_format='NLC'"),
    unpooled(2, (2, 3, 7, 9), "3, 2, 1", "3, stride=2, padding=1"), unpooled(2, (2, 3, 7, 9), "2", "2, output_size=(7, 9)"),
    unpooled(2, (2, 3, 6, 8), "2", "2, data_format='NHWC'"), unpooled(3, (1, 2, 4, 6, 8), "2", "2"),
    unpooled(3, (1, 2, 5, 7, 9), "3, 2, 1", "3, 2, 1"), unpooled(3, (1, 2, 5, 6, 7), "2", "2, output_size=[5, 6, 7]"),
    unpooled(3, (1, 2, 4, 6, 8), "2", "2, data_format='NDHWC'"),
]  # fmt: skip

DOUBLES = functional(("avg_pool2d(x, 3, 2, 1)", "max_pool2d(x, 3, 2, 1)", "adaptive_avg_pool2d(x, 3)"), f64(2, 3, 7, 9))

ROWS = [*LINES, *IMAGES, *VOLUMES, *UNPOOLED, *DOUBLES]
