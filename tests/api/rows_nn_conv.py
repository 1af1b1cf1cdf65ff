"""Convolutions: every option of every dimension, odd sizes, both layouts; the layers' attributes."""

# ruff: noqa: E501

from rows import Sample, f32, f64, row

CLOSE = {"rtol": 1e-4, "atol": 1e-5}
LINE, LINE_LAST = f32(2, 4, 11), f32(2, 11, 4)
IMAGE, LAST = f32(2, 4, 7, 9), f32(2, 7, 9, 4)
VOLUME, VOLUME_LAST = f32(1, 4, 4, 5, 6), f32(1, 4, 5, 6, 4)


def functional(name: str, weight: tuple[int, ...], bias: int, options: tuple[str, ...], x: Sample) -> list[object]:
    return [
        row(f"paddle.nn.functional.{name}(x, w, {given})", x=x, w=f32(*weight), b=f32(bias), **CLOSE)
        for given in options
    ]


CONVOLUTIONS = [
    *functional("conv1d", (6, 4, 3), 6, (
        "b", "bias=b, stride=3, padding=2", "b, dilation=3", "b, padding=[3, 1]", "b, 2, 'SAME', 2", "padding='VALID', dilation=2",
        "b, padding=[[0, 0], [0, 0], [1, 2]]", "b, groups=3", "b, padding=[1, 2, 3]", "b, data_format='NLC'", "b, data_format='NCHW'",
    ), LINE),
    *functional("conv1d", (6, 2, 3), 6, ("b, groups=2", "b, 2, 1, 2, 2", "groups=2, padding='SAME'"), LINE),
    *functional("conv1d", (6, 4, 4), 6, ("b, data_format='NLC'", "b, 2, [2, 1], data_format='NLC'", "b, padding='SAME', data_format='NLC'",
        "padding=[[0, 0], [1, 2], [0, 0]], data_format='NLC', dilation=2"), LINE_LAST),
    *functional("conv2d", (4, 4, 4, 3), 4, ("b, 2, [2, 1, 0, 3]", "b, [2, 3], [1, 2], [2, 1]", "b, padding='SAME', dilation=[2, 1]",
        "padding='SAME', stride=[1, 3]", "b, stride=[1, 2, 3]", "b, dilation=[1, 2, 3]", "b, groups=3"), IMAGE),
    *functional("conv2d", (8, 1, 3, 3), 8, ("b, groups=4", "b, 2, 1, 2, 4", "b, padding='SAME', stride=2, groups=4"), IMAGE),
    *functional("conv2d", (8, 2, 2, 3), 8, ("b, groups=2, data_format='NHWC'", "b, 2, 'SAME', groups=2, data_format='NHWC'",
        "b, [1, 2], [0, 1, 2, 0], 2, 2, 'NHWC'"), LAST),
    *functional("conv3d", (6, 4, 3, 2, 3), 6, ("b, 2, 1", "b, [1, 2, 3], [1, 0, 2]", "b, dilation=[1, 2, 1]", "b, padding=[1, 0, 0, 1, 2, 0]",
        "b, padding='SAME', stride=2", "b, padding='valid'", "padding=[[0, 0], [0, 0], [1, 0], [0, 1], [1, 1]]"), VOLUME),
    *functional("conv3d", (6, 2, 2, 2, 2), 6, ("b, groups=2", "b, 2, 1, 2, 2"), VOLUME),
    *functional("conv3d", (6, 4, 2, 3, 2), 6, ("b, data_format='NDHWC'", "b, 2, 'SAME', data_format='NDHWC'"), VOLUME_LAST),
]  # fmt: skip

TRANSPOSED = [
    *functional("conv1d_transpose", (4, 3, 4), 3, (
        "b", "b, 3, 1", "b, stride=2, output_size=[25]", "b, stride=2, output_size=25", "b, 3, [1, 2], 1", "b, 2, 'SAME'", "b, 2, 'VALID'",
        "b, dilation=2", "b, 3, 1, 2, 1, 2", "b, stride=2, output_padding=1, output_size=[25]", "b, stride=2, output_size=[40]",
        "b, padding=[[0, 0], [0, 0], [1, 2]]",
    ), LINE),
    *functional("conv1d_transpose", (4, 3, 3), 6, ("b, groups=2", "b, 2, 1, 1, 2, 2"), LINE),
    *functional("conv1d_transpose", (4, 3, 3), 3, ("b, data_format='NLC'", "b, 2, 1, output_size=[22], data_format='NLC'"), LINE_LAST),
    *functional("conv2d_transpose", (4, 3, 3, 4), 3, (
        "b, [2, 3], [1, 0], [1, 2]", "b, 2, 'VALID', dilation=2", "b, 3, [[0, 0], [0, 0], [1, 0], [0, 2]]", "b, 2, output_size=[16, 21]",
        "b, 2, output_size=15", "b, 2, [1, 2, 0, 1], dilation=[2, 1]",
    ), IMAGE),
    *functional("conv2d_transpose", (4, 3, 3, 2), 6, ("b, groups=2, stride=2, output_padding=1", "b, 2, 1, 1, 2, 2"), IMAGE),
    *functional("conv2d_transpose", (4, 3, 3, 2), 3, ("b, 2, 1, output_size=[14, 17], data_format='NHWC'", "b, 2, 'SAME', data_format='NHWC'"), LAST),
    *functional("conv3d_transpose", (4, 3, 3, 2, 2), 3, (
        "b", "b, 2, 1, 1", "b, [1, 2, 3], [1, 0, 1]", "b, 2, dilation=2", "b, stride=2, output_size=[9, 10, 13]",
        "b, 2, padding='SAME'", "b, padding=[1, 0, 0, 1, 1, 0]",
    ), VOLUME),
    *functional("conv3d_transpose", (4, 3, 2, 2, 2), 6, ("b, groups=2", "b, 2, 1, 1, 2, 2"), VOLUME),
    *functional("conv3d_transpose", (4, 3, 2, 3, 2), 3, ("b, data_format='NDHWC'", "b, 2, 1, data_format='NDHWC'"), VOLUME_LAST),
]  # fmt: skip

LAYERS = [
    row(f"paddle.nn.{call}", x=x, **CLOSE)
    for x, calls in (
        (LINE, (
            "Conv1D(4, 6, 3, stride=2, padding=1, dilation=2, groups=2)", "Conv1D(4, 6, 3, padding=2, padding_mode='reflect')",
            "Conv1D(4, 6, 3, padding=2, padding_mode='circular', bias_attr=False)", "Conv1D(4, 6, [4], padding=[2, 1])",
            "Conv1DTranspose(4, 6, 3, 2, 1, 1, 2, 2)", "Conv1DTranspose(4, 6, 3, stride=2, padding=1, output_padding=1, bias_attr=False)",
            "Conv1DTranspose(4, 6, 3, dilation=2)", "Conv1DTranspose(4, 6, 3, padding='SAME')",
        )),
        (LINE_LAST, ("Conv1D(4, 6, 3, data_format='NLC')", "Conv1D(4, 6, 3, padding=1, padding_mode='replicate', data_format='NLC')",
                     "Conv1DTranspose(4, 6, 3, 2, data_format='NLC')")),
        (IMAGE, (
            "Conv2D(4, 6, [3, 2], [2, 1], [1, 2, 0, 1], [1, 2])", "Conv2D(4, 6, 3, padding=2, padding_mode='replicate')",
            "Conv2D(4, 8, 3, padding='SAME', stride=2, groups=4)", "Conv2D(4, 6, 3, padding=[[0, 0], [0, 0], [1, 0], [0, 2]])",
            "Conv2DTranspose(4, 6, 3, 2, 1, 1, 2, 2)", "Conv2DTranspose(4, 6, [3, 4], stride=[3, 2], padding=[1, 0], bias_attr=False)",
            "Conv2DTranspose(4, 6, 3, dilation=2, padding='SAME')",
        )),
        (LAST, ("Conv2D(4, 6, 3, padding=1, padding_mode='circular', data_format='NHWC')", "Conv2DTranspose(4, 6, 3, 2, data_format='NHWC')")),
        (VOLUME, (
            "Conv3D(4, 6, 3, stride=2, padding=1, dilation=2, groups=2)", "Conv3D(4, 6, 3, padding=1, padding_mode='replicate', bias_attr=False)",
            "Conv3D(4, 6, [1, 2, 3], padding=[0, 1, 2])", "Conv3DTranspose(4, 6, 3, 2, 1, 1, 2, 2)",
            "Conv3DTranspose(4, 6, 3, stride=2, padding=1, output_padding=1, bias_attr=False)", "Conv3DTranspose(4, 6, 2, groups=2, dilation=2)",
        )),
        (VOLUME_LAST, ("Conv3D(4, 6, 3, padding=1, data_format='NDHWC')", "Conv3DTranspose(4, 6, 2, 2, data_format='NDHWC')")),
    )
    for call in calls
] + [
    row(f"paddle.nn.{call}", x=IMAGE)
    for call in (
        "Conv2D(4, 6, 3, groups=3)", "Conv2D(4, 6, 3, padding_mode='other')", "Conv2D(4, 6, 3, weight_attr=False)",
        "Conv2D(4, 6, 3, data_format='NCW')", "Conv2D(4, 6, [3, 3, 3])", "Conv2D(5, 6, 3)",
    )
]  # fmt: skip

GIVEN = "weight_attr=paddle.nn.initializer.Constant(0.25), bias_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(-0.5))"
ATTRIBUTES = [
    row(
        f"paddle.nn.Conv{dims}D{kind}(4, 3, 3, stride=2, {GIVEN})(paddle.linspace(-1, 1, {count}).reshape({shape}){more})",
        **CLOSE,
    )
    for dims, count, shape, size in (
        (1, 88, "[2, 4, 11]", "[24]"),
        (2, 504, "[2, 4, 7, 9]", "[15, 20]"),
        (3, 480, "[1, 4, 4, 5, 6]", "[10, 11, 14]"),
    )
    for kind, more in (("", ""), ("Transpose", ""), ("Transpose", f", output_size={size}"))
]

DOUBLES = [
    row("paddle.nn.functional.conv2d(x, w, padding=1)", x=f64(1, 2, 5, 6), w=f64(3, 2, 3, 2)),
    row("paddle.nn.functional.conv2d_transpose(x, w, stride=2)", x=f64(1, 2, 5, 6), w=f64(2, 3, 3, 2)),
]

ROWS = [*CONVOLUTIONS, *TRANSPOSED, *LAYERS, *ATTRIBUTES, *DOUBLES]
