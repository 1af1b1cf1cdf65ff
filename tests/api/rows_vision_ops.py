"""paddle.vision.ops."""

# ruff: noqa: E501

from rows import f32, f64, i32, i64, row

X, OFFSET = f32(2, 4, 7, 8), f32(2, 18, 7, 8, low=-2, high=2)
MAP, COUNTS = f32(2, 3, 10, 12), i32(2, low=2, high=3)
# Four boxes: corners from two draws of centres and sizes.
BOXES = "paddle.concat([c - s, c + s], axis=1)"
CENTERS, SIZES = f32(4, 2, low=2, high=9), f32(4, 2, low=0.2, high=4)
MANY, SIDES = f32(40, 2, low=0, high=20), f32(40, 2, low=1, high=6)


def deformed(arguments: str) -> str:
    return f"paddle.vision.ops.deform_conv2d(x, o, w{arguments})"


DEFORMED = [
    row(deformed(", padding=1"), x=X, o=OFFSET, w=f32(6, 4, 3, 3), rtol=1e-4, atol=1e-5),
    row(deformed(", b, 1, 1"), x=X, o=OFFSET, w=f32(6, 4, 3, 3), b=f32(6), rtol=1e-4, atol=1e-5),
    row(deformed(", b, padding=1, mask=m"), x=X, o=OFFSET, w=f32(6, 4, 3, 3), b=f32(6), m=f32(2, 9, 7, 8), rtol=1e-4, atol=1e-5),
    row(deformed(", stride=2, padding=[1, 2], dilation=[2, 1]"), x=X, o=f32(2, 18, 3, 5), w=f32(6, 4, 3, 3), rtol=1e-4, atol=1e-5),
    row(deformed(", padding=1, deformable_groups=2, mask=m"), x=X, o=f32(2, 36, 7, 8, low=-3, high=3), w=f32(6, 4, 3, 3), m=f32(2, 18, 7, 8), rtol=1e-4, atol=1e-5),
    row(deformed(", padding=1, groups=2, mask=m"), x=X, o=OFFSET, w=f32(6, 2, 3, 3), m=f32(2, 9, 7, 8), rtol=1e-4, atol=1e-5),
    row(deformed(", padding=[2, 0], deformable_groups=2, groups=2"), x=X, o=f32(2, 24, 9, 7), w=f32(6, 2, 3, 2), rtol=1e-4, atol=1e-5),
    row(deformed(", padding=1, mask=m"), x=f64(1, 2, 5, 5), o=f64(1, 18, 5, 5, low=-9, high=9), w=f64(3, 2, 3, 3), m=f64(1, 9, 5, 5)),
    row(deformed(", padding=1"), x=X, o=f32(2, 17, 7, 8), w=f32(6, 4, 3, 3)),
    row("paddle.vision.ops.DeformConv2D(4, 6, 3, padding=1)", x=X, offset=OFFSET, rtol=1e-4, atol=1e-5),
    row("paddle.vision.ops.DeformConv2D(4, 6, 3, 1, 1, 1, 1, 2, bias_attr=False)", x=X, offset=OFFSET, mask=f32(2, 9, 7, 8), rtol=1e-4, atol=1e-5),
    row("paddle.vision.ops.DeformConv2D(4, 6, 3, stride=2, padding=1, dilation=2)", x=X, offset=f32(2, 18, 3, 3), rtol=1e-4, atol=1e-5),
    row("[[p, p.stop_gradient] for p in paddle.vision.ops.DeformConv2D(1, 2, 1, weight_attr=paddle.nn.initializer.Constant(0.25)).parameters()]"),
    row("paddle.vision.ops.DeformConv2D(4, 6, [1, 3], padding=[0, 1], deformable_groups=2)", x=X, offset=f32(2, 12, 7, 8), rtol=1e-4, atol=1e-5),
]  # fmt: skip

POOLED = [
    row(f"paddle.vision.ops.{call}".replace("BOXES", BOXES), x=f32(2, channels, 10, 12), c=CENTERS, s=SIZES, n=COUNTS, rtol=1e-4, atol=1e-5)
    for channels, calls in {
        3: (
            "roi_align(x, BOXES, n, 3)", "roi_align(x, BOXES, n, (2, 4), spatial_scale=0.5)",
            "roi_align(x, BOXES, n, 3, aligned=False)", "roi_align(x, BOXES, n, 2, sampling_ratio=2)",
            "roi_align(x, BOXES, n, 2, 1.5, 3, False)", "roi_align(x, BOXES * 3 - 8, n, 3)",
            "roi_align(x, BOXES * 3 - 8, n, 3, sampling_ratio=2, aligned=False)",
            "roi_pool(x, BOXES, n, 3)", "roi_pool(x, BOXES, n, (2, 4), 0.5)", "roi_pool(x, BOXES * 3 - 8, n, 3)",
            "RoIAlign(3)(x, BOXES, n)", "RoIAlign((2, 3), 0.5)(x, BOXES, n, aligned=False)",
            "RoIPool((2, 3))(x, BOXES, n)", "RoIPool(2, spatial_scale=0.7)(x, BOXES, n)",
        ),
        12: (
            "psroi_pool(x, BOXES, n, 2)", "psroi_pool(x, BOXES, n, (2, 3), 0.5)", "PSRoIPool(2, 0.8)(x, BOXES, n)",
            "psroi_pool(x, BOXES * 3 - 8, n, 2)",
        ),
    }.items()
    for call in calls
]  # fmt: skip

BATCHED = [
    row(
        f"paddle.vision.ops.{name}(x, {BOXES}, paddle.to_tensor([1, 3], 'int32'), 2)",
        x=MAP,
        c=CENTERS,
        s=SIZES,
        rtol=1e-4,
        atol=1e-5,
    )
    for name in ("roi_align", "roi_pool")
]

SUPPRESSED = [
    row(f"paddle.vision.ops.nms({BOXES}{arguments})", c=MANY, s=SIDES, **more)
    for arguments, more in (
        ("", {}), (", 0.1", {}), (", iou_threshold=0.6", {}), (", 0.3, v", {"v": f32(40)}), (", 0.7, scores=v", {"v": f32(40)}),
        (", 0.3, v, k, [0, 1, 2]", {"v": f32(40), "k": i64(40, high=3)}),
        (", 0.3, v, k, [0, 2]", {"v": f32(40), "k": i64(40, high=3)}),
        (", 0.2, v, category_idxs=k, categories=[0, 1, 2], top_k=7", {"v": f32(40), "k": i64(40, high=3)}),
    )
]  # fmt: skip

# A long chain: each box overlaps the next one.
SUPPRESSED.append(
    row("paddle.vision.ops.nms(paddle.concat([k + paddle.arange(90).unsqueeze(1), k, k + paddle.arange(90).unsqueeze(1) + 2, k + 1], 1))", k=f32(90, 1, low=0, high=0.01))
)  # fmt: skip

MATRIX = [
    row(f"paddle.vision.ops.matrix_nms(paddle.concat([c - s, c + s], -1), v, {arguments})", c=f32(2, 30, 2, low=0, high=12), s=f32(2, 30, 2, low=1, high=4), v=f32(2, 4, 30, low=0), rtol=1e-4)
    for arguments in (
        "0.3, 0.2, -1, -1", "0.3, 0.2, 10, 12", "0.5, 0.4, 10, 12, use_gaussian=True", "0.3, 0.1, 20, 15, True, 0.5, -1, False",
        "0.2, 0.3, nms_top_k=8, keep_top_k=-1, return_index=True", "0.3, 0.2, 10, 12, background_label=2, return_rois_num=False",
    )
]  # fmt: skip

YOLO = [
    row(f"paddle.vision.ops.yolo_box(x, n, [10, 13, 16, 30], 3, {arguments})", x=f32(2, 16, 4, 5, low=-3, high=3), n=i32(2, 2, low=100, high=200), rtol=1e-4, atol=1e-4)
    for arguments in ("0.3, 32", "0.01, 16, False", "0.5, 32, scale_x_y=1.2", "conf_thresh=0.2, downsample_ratio=8, clip_bbox=True")
] + [
    row("paddle.vision.ops.yolo_box(x, n, [10, 13, 16, 30], 3, 0.1, 32, iou_aware=True, iou_aware_factor=0.4)", x=f32(2, 18, 4, 5, low=-3, high=3), n=i32(2, 2, low=100, high=200), rtol=1e-4, atol=1e-4),
]  # fmt: skip

PRIORS, TARGETS = f32(5, 2, low=2, high=9), f32(3, 2, low=2, high=9)
CODED = [
    row(f"paddle.vision.ops.box_coder(paddle.concat([p, p + 3], 1), {variance}, paddle.concat([t, t + t * 0.3], 1){more}", p=PRIORS, t=TARGETS, v=f32(5, 4, low=0.1), rtol=1e-4)
    for variance in ("v", "[0.1, 0.1, 0.2, 0.2]")
    for more in (")", ", box_normalized=False)", ", 'encode_center_size', True)")
] + [
    row(f"paddle.vision.ops.box_coder(paddle.concat([p, p + 3], 1), {variance}, t, 'decode_center_size'{more}", p=priors, t=f32(3, 5, 4), v=f32(priors.shape[0], 4, low=0.1), rtol=1e-4)
    for variance in ("v", "[0.1, 0.1, 0.2, 0.2]")
    for more, priors in ((")", PRIORS), (", box_normalized=False)", PRIORS), (", axis=1)", TARGETS))
]  # fmt: skip

PRIOR = [
    row(f"paddle.vision.ops.prior_box(x, i, {arguments})", x=f32(1, 3, 3, 4), i=f32(1, 3, 30, 50))
    for arguments in (
        "[4.0]", "[4.0, 8.0], max_sizes=[6.0, 12.0]", "min_sizes=[4.0], aspect_ratios=[2.0, 3.0], flip=True",
        "[4.0], [9.0], [1.0, 2.0], [0.2, 0.2, 0.1, 0.1], True, True", "[4.0], steps=[5.0, 6.0], offset=0.25",
        "[4.0, 8.0], [6.0, 12.0], [2.0], flip=True, min_max_aspect_ratios_order=True", "4.0, aspect_ratios=2.0",
    )
]  # fmt: skip

DISTRIBUTED = [
    row(f"paddle.vision.ops.distribute_fpn_proposals({BOXES} * 20, 2, 5, 4, 224{more}, rois_num=n)", c=f32(12, 2, low=10, high=20), s=f32(12, 2, low=0.1, high=10), n=i32(3, low=4, high=5))
    for more in ("", ", pixel_offset=True")
]  # fmt: skip

PROPOSED = [
    row(f"paddle.vision.ops.generate_proposals(s, d, i, paddle.concat([a - z, a + z], -1), v, {options})", s=f32(2, 3, 4, 5, low=0), d=f32(2, 12, 4, 5), i=f32(2, 2, low=30, high=40),
        a=f32(4, 5, 3, 2, low=0, high=40), z=f32(4, 5, 3, 2, low=2, high=12), v=f32(4, 5, 3, 4, low=0.5), rtol=1e-4, atol=1e-4)
    for options in (
        "return_rois_num=True", "20, 7, 0.4, 3.0, return_rois_num=True", "nms_thresh=0.7, eta=0.9, return_rois_num=True", "nms_thresh=0.0", "nms_thresh=0.0, return_rois_num=True", "30, 5, min_size=60.0, return_rois_num=True",
        "pixel_offset=True, return_rois_num=True", "pre_nms_top_n=30, post_nms_top_n=5, pixel_offset=True, return_rois_num=True",
    )
]  # fmt: skip

# Many boxes for few places, so that some share one, and some belong to no anchor of the head.
LOST = [
    row(f"paddle.vision.ops.yolo_loss(x, paddle.concat([c, s], -1).detach(), k, [10, 13, 16, 30, 33, 23, 60, 45], {options})", x=f32(2, 16, *size), c=f32(2, 9, 2, low=0.05, high=0.95), s=f32(2, 9, 2, low=0.05, high=0.6), k=i32(2, 9, high=3),
        w=f32(2, 9, low=0.1, high=1), rtol=1e-4, atol=1e-4)
    for options, size in (
        ("[1, 2], 3, 0.5, 32", (3, 3)), ("[0, 1], 3, 0.7, 16, use_label_smooth=False", (3, 3)), ("[1, 3], 3, 0.3, 32, w.detach()", (3, 3)), ("anchor_mask=[2, 3], class_num=3, ignore_thresh=0.4, downsample_ratio=8, gt_score=w.detach(), scale_x_y=1.2", (4, 4)),
        ("[1, 2], 3, 0.5, 32", (4, 3)),
    )
] + [
    row("paddle.vision.ops.yolo_loss(x, paddle.concat([c, c * z], -1).detach(), k, [10, 13, 16, 30], [0, 1], 3, 0.5, 32)", x=f32(1, 16, 2, 2), c=f32(1, 3, 2, low=0.1, high=0.9), z=i64(1, 3, 1, high=2), k=i32(1, 3, high=3), rtol=1e-4, atol=1e-4),
    row("paddle.vision.ops.yolo_loss(x, paddle.concat([c, c * 0.5], -1).detach(), k, [10, 13, 16, 30, 33, 23, 60, 45], [0, 1, 2, 3], 2, 0.3, 16, w.detach(), False, scale_x_y=1.1)", x=f32(4, 28, 3, 3), c=f32(4, 1, 2, low=0.1, high=0.9), w=f32(4, 1, low=0.5), k=i32(4, 1, high=2), rtol=1e-4, atol=1e-4),
    row("paddle.vision.ops.yolo_loss(x, c.detach(), k, [10, 13, 16, 30], [0, 1], 3, 0.5, 32)", x=f32(1, 15, 2, 2), c=f32(1, 3, 4, low=0.1, high=0.9), k=i32(1, 3, high=3)),
]  # fmt: skip

MULTICLASS = [
    row(f"paddle._legacy_C_ops.multiclass_nms3(paddle.concat([c, c + s], -1), v, None, {attributes})", c=f32(2, 20, 2, low=0, high=10), s=f32(2, 20, 2, low=0, high=8), v=f32(2, 3, 20, low=0))
    for attributes in (
        "'score_threshold', 0.3, 'nms_top_k', -1, 'keep_top_k', -1, 'nms_threshold', 0.3", "'score_threshold', 0.2, 'nms_top_k', 9, 'keep_top_k', 12, 'nms_threshold', 0.5, 'normalized', False, 'background_label', 1",
        "'score_threshold', 0.1, 'nms_top_k', 15, 'keep_top_k', 8, 'nms_threshold', 0.8, 'nms_eta', 0.7, 'background_label', -1", "'score_threshold', 2.0, 'nms_top_k', 9, 'keep_top_k', 12, 'nms_threshold', 0.5",
    )
] + [
    row("paddle._legacy_C_ops.multiclass_nms3(paddle.concat([c, c + s], -1), v, paddle.to_tensor([12, 0, 8], dtype='int32'), 'score_threshold', 0.2, 'nms_top_k', 9, 'keep_top_k', 7, 'nms_threshold', 0.4, 'normalized', False, 'background_label', 2)",
        c=f32(20, 3, 2, low=0, high=10), s=f32(20, 3, 2, low=0, high=8), v=f32(20, 3, low=0)),
]  # fmt: skip

ROWS = [
    *PROPOSED,
    *DEFORMED,
    *POOLED,
    *BATCHED,
    *SUPPRESSED,
    *MATRIX,
    *YOLO,
    *LOST,
    *CODED,
    *PRIOR,
    *DISTRIBUTED,
    *MULTICLASS,
]
