"""Comparisons, logic, sorting and searching."""

from rows import boolean, f32, f64, i64, row

COMPARISONS = """equal not_equal less_than less_equal greater_than greater_equal equal_all
bitwise_and bitwise_or bitwise_xor"""

ROWS = [
    *[row(f"paddle.{name}(a, b)", a=i64(2, 3), b=i64(3)) for name in COMPARISONS.split()],
    *[
        row(f"paddle.{name}(a, b)", a=boolean(2, 3), b=boolean(3))
        for name in "logical_and logical_or logical_xor bitwise_and bitwise_or".split()
    ],
    row("paddle.logical_and(a, a)", a=f32(2, 3)),
    row("paddle.logical_not(a)", a=f32(2, 3)),
    row("paddle.logical_not(a)", a=boolean(2, 3)),
    row("paddle.bitwise_not(a)", a=i64(3)),
    row("paddle.equal(a, 1)", a=i64(3)),
    row("paddle.equal_all(a, a)", a=f32(3)),
    row("paddle.allclose(a, a + 1e-9)", a=f32(3)),
    row("paddle.isclose(a, a + 1e-3, rtol=1e-2)", a=f32(3)),
    row("paddle.is_empty(a)", a=f32(3)),
    row("paddle.argmax(a)", a=f32(2, 3)),
    row("paddle.argmax(a, keepdim=True)", a=f32(2, 3)),
    row("paddle.argmax(a, axis=-1)", a=f32(2, 3)),
    row("paddle.argmax(a, axis=0, keepdim=True, dtype='int32')", a=f32(2, 3)),
    row("paddle.argmin(a, axis=1)", a=i64(2, 3)),
    row("paddle.argsort(a)", a=f32(2, 5)),
    row("paddle.argsort(a, axis=0, descending=True)", a=f32(4, 3)),
    row("paddle.sort(a, axis=0, descending=True)", a=f32(4, 3)),
    row("paddle.sort(a)", a=i64(7)),
    row("paddle.topk(a, 2)", a=f32(2, 5)),
    row("paddle.topk(a, 1, axis=0, largest=False)", a=f32(2, 3)),
    row("paddle.topk(a, paddle.to_tensor(2))", a=f32(5)),
    row("paddle.kthvalue(a, 2)", a=f32(2, 5)),
    row("paddle.kthvalue(a, 1, axis=0, keepdim=True)", a=f32(2, 3)),
    row("paddle.mode(a)", a=i64(2, 7, high=3)),
    row("paddle.mode(a, axis=0, keepdim=True)", a=i64(5, 3, high=3)),
    row("paddle.where(a > 0, a, b)", a=f32(2, 3), b=f32(3)),
    row("paddle.where(a > 0, a, 0.0)", a=f32(2, 3)),
    row("paddle.where(a > 0, 1, 0)", a=f32(2, 3)),
    row("paddle.where(a > 0, a, 0)", a=f32(2, 3)),
    row("paddle.where(a > 0, a, 0)", a=i64(2, 3)),
    row("paddle.where(a > 0, a, b)", a=f32(2, 3), b=f64(2, 3)),
    row("paddle.where(a > 0)", a=f32(2, 3)),
    row("paddle.where(a > 0, a)", a=f32(2, 3)),
    row("paddle.nonzero(a > 0)", a=f32(2, 3)),
    row("paddle.nonzero(a > 0, as_tuple=True)", a=f32(2, 3)),
    row("paddle.searchsorted(paddle.sort(a), b)", a=f32(5), b=f32(3)),
    row("paddle.searchsorted(paddle.sort(a), b, True, True)", a=f32(2, 5), b=f32(2, 3)),
    row("paddle.bucketize(b, paddle.sort(a))", a=f32(5), b=f32(2, 3)),
    row("paddle.unique(a)", a=i64(9)),
    row("paddle.unique(a, return_index=True, return_inverse=True, return_counts=True)", a=i64(9)),
    row("paddle.unique(a, return_inverse=True, axis=0)", a=i64(6, 2, high=2)),
    row("paddle.unique(a, return_index=True, return_counts=True, axis=0)", a=i64(6, 2, high=2)),
    row("paddle.unique(a, return_counts=True, axis=1, dtype='int32')", a=i64(2, 6, high=2)),
    row("paddle.unique_consecutive(a)", a=i64(9, high=2)),
    row("paddle.unique_consecutive(a, return_inverse=True, return_counts=True)", a=i64(9, high=2)),
]
