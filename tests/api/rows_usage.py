"""What model code uses beside the topics of the other tables: dtypes, networks, and names of Paddle's own modules."""

from rows import f32, i64, row

NETWORKS = [
    row(f"[(k, v.shape) for k, v in paddle.vision.models.{net}.state_dict().items()]")
    for net in (
        "resnet18()",
        "resnet34(num_classes=10)",
        "resnet50(with_pool=False)",
        "resnet101(num_classes=0)",
        "ResNet(paddle.vision.models.resnet.BottleneckBlock, 50, 32, 5)",
    )
] + [
    row("paddle.vision.models.resnet.BottleneckBlock(8, 2)", a=f32(1, 8, 4, 4)),
    row("paddle.vision.models.resnet.BottleneckBlock(8, 2, stride=1, groups=2, base_width=128)", a=f32(1, 8, 4, 4)),
]
# What is asked for is nowhere.
ABSENT = [
    row("paddle.hapi.hub.get_path_from_url('nowhere', 'nothing')"),
    row("paddle.utils.download.get_weights_path_from_url('nowhere')"),
    row("paddle.static.load_inference_model('/nowhere/model', paddle.static.Executor())"),
]

ROWS = [
    *NETWORKS,
    *ABSENT,
    *[row(f"paddle.cast(a, {dtype})", a=i64(2, 3, low=-2, high=3)) for dtype in ("paddle.bool", "paddle.int8")],
    row("a.data", a=f32(2, 3)),
    row("a.data + b.data", a=f32(2, 3), b=f32(3)),
    *[
        row(f"paddle.nn.layer.transformer._convert_attention_mask({mask}, a.dtype)", a=f32(2, 3))
        for mask in ("a > 0", "a", "None")
    ],
    *[row(f"a.__getitem__({index})", a=f32(4, 3)) for index in ("1", "(slice(1, 3), None)", "a[:, 0] > 0")],
    row("str(a.type)", a=f32(2), xfail="type is torch's method; in Paddle it is LOD_TENSOR, as of every tensor"),
    row("[p := paddle.create_parameter([2], 'float32'), setattr(p, 'a', 3), p.__delattr__('a'), hasattr(p, 'a')][1:]"),
    row("paddle.framework._no_check_dy2st_diff().__enter__()"),
]
