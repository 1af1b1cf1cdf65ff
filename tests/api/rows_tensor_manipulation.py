"""Shapes, joining and cutting, gathers and scatters, indexing."""

from rows import boolean, f32, f64, i32, i64, row

ON_A = """
a.reshape([0, -1])
a.reshape([-1])
a.reshape((3, 2))
a.reshape(3, 2)
a.reshape([paddle.to_tensor(3), 2])
a.reshape(paddle.to_tensor([6]))
a.reshape([0, 0, -1])
a.reshape([4, 2])
a.reshape([0, 0, 0])
paddle.flatten(a)
paddle.flatten(a, 1, 5)
a.flatten(0, 0)
a.unsqueeze([0, 2])
a.unsqueeze(-1)
a.unsqueeze([0, -1])
a.unsqueeze(paddle.to_tensor([0]))
a.unsqueeze(5)
a.squeeze(0)
a.expand([2, 2, 3])
a.expand([4, -1, 3])
a.expand([3, 3])
a[:1].expand([4, 3])
a.broadcast_to([2, 2, 3])
a.tile([2])
a.tile([2, 1, 1])
a.tile(2)
a.tile(paddle.to_tensor([2, 2]))
a.flip(0)
a.flip([0, 1])
paddle.reverse(a, [1])
a.roll(1)
a.roll([1, 1], [0, 1])
a.roll(1, 1)
a.split(3, axis=1)
a.split([1, -1], axis=1)
a.split([1, 2], axis=-1)
a.split(2, axis=1)
paddle.split(a, [paddle.to_tensor(1), 2], axis=1)
a.chunk(2, axis=0)
a.chunk(2, axis=1)
paddle.vsplit(a, 2)
paddle.unbind(a, 1)
paddle.unstack(a, 1)
paddle.unstack(a, 1, 2)
paddle.slice(a, [0, 1], [0, 1], [1, -1])
paddle.slice(a, [1], [-2], [100])
paddle.slice(a, [1], [paddle.to_tensor(1)], [3])
paddle.strided_slice(a, [1], [2], [-4], [-1])
paddle.strided_slice(a, [1], [0], [3], [2])
paddle.strided_slice(a, [1], [2], [-1], [-1])
paddle.strided_slice(a, [1], [2], [-2], [-1])
paddle.squeeze(a[:1], [])
a.reshape([np.int64(3), 2])
a.cast('int32')
a.astype('bool')
a.astype(float)
a.astype(int)
a.astype(np.float64)
a.cast(paddle.float16).shape
a.repeat_interleave(2)
a.repeat_interleave(2, axis=1)
a.repeat_interleave(paddle.to_tensor([1, 2]), axis=0)
paddle.moveaxis(a, 0, 1)
paddle.rot90(a)
paddle.rot90(a, -1, [1, 0])
a.view([3, 2])
a.view('int32')
paddle.view_as(a, paddle.ones([3, 2]))
paddle.crop(a, [1, 2], [0, 1])
paddle.crop(a, [-1, 2])
paddle.crop(a)
paddle.as_strided(a, [2, 2], [1, 1])
paddle.unfold(a, 1, 2, 1)
paddle.unflatten(a, 1, [3, -1])
paddle.atleast_1d(a[0, 0])
paddle.atleast_2d(a[0], a)
paddle.atleast_3d(a)
paddle.diagonal_scatter(a, paddle.zeros([2]))
paddle.select_scatter(a, paddle.zeros([3]), 0, 1)
a.fill_diagonal_tensor(paddle.ones([2]))
(a * 1).fill_diagonal_(5.0)
paddle.zeros([4, 2]).fill_diagonal_(1.0, wrap=True)
paddle.zeros([3, 3]).fill_diagonal_(1.0, offset=1)
paddle.concat(a)
paddle.concat([a, a], axis=-1)
paddle.concat([a, a, a])
paddle.concat([a, a], paddle.to_tensor(1))
paddle.stack([a, a], -1)
paddle.stack((a, a))
paddle.broadcast_tensors([a[0], a])
paddle.transpose(a, [1, 0])
paddle.transpose(a, [-1, 0])
paddle.transpose(a, [0, 0])
a[::-1]
a[:, ::-1]
a[:, 2:0:-1]
a[..., ::-2]
a[[0, 1]]
a[[[0, 1], [1, 0]]]
a[[0, 1], [1, 0]]
a[0, [True, False, True]]
a[np.array([1])]
a[paddle.to_tensor(1)]
a[paddle.to_tensor([1])]
a[paddle.to_tensor([[0, 1]])]
a[None]
a[..., 0]
a[a > 0]
a[True]
a[(0, 1)]
a[-1]
a[:, 1:]
a[:, 1:paddle.to_tensor(2)]
a[5]
a[:, [0, 2]]
a[0:10]
a[range(2)]
a[1, None]
a[a[:, 0] > 0]
a[a[:, 0] > 0, 1]
a[[True, False]]
a[:, -2]
a[paddle.to_tensor([0, 1], 'int32'), paddle.to_tensor([1, 1], 'int32')]
a.gather(paddle.to_tensor([1, 0]))
a.gather(paddle.to_tensor([[1], [0]]))
a.gather(paddle.to_tensor([1]), axis=1)
a.gather(paddle.to_tensor(1))
a.gather(paddle.to_tensor(1), axis=1)
paddle.gather_nd(a, paddle.to_tensor([[1, 1], [0, 0]]))
paddle.gather_nd(a, paddle.to_tensor([[1]]))
paddle.scatter(a, paddle.to_tensor([1]), paddle.ones([1, 3]))
paddle.scatter(a, paddle.to_tensor([1, 1]), paddle.ones([2, 3]), overwrite=False)
paddle.scatter_nd_add(a, paddle.to_tensor([[1, 1]]), paddle.ones([1]))
paddle.scatter_nd(paddle.to_tensor([[1], [1]]), paddle.ones([2]), [3])
paddle.masked_fill(a, a > 0, 9.0)
paddle.masked_fill(a, a > 0, paddle.to_tensor(9.0))
a.masked_fill(a[0] > 0, 9)
paddle.take_along_axis(a, paddle.to_tensor([[0], [1]]), 1)
paddle.take_along_axis(a, paddle.to_tensor([[0]]), 1)
paddle.take_along_axis(a, paddle.to_tensor([[0, 1]]), 0, False)
paddle.put_along_axis(a, paddle.to_tensor([[0], [1]]), 9.0, 1)
paddle.put_along_axis(a, paddle.to_tensor([[0], [1]]), 9.0, 1, 'add')
paddle.put_along_axis(a, paddle.to_tensor([[0], [1]]), 9.0, 1, 'mul')
paddle.put_along_axis(a, paddle.to_tensor([[0], [1]]), 9.0, 1, 'amax')
paddle.put_along_axis(a, paddle.to_tensor([[0], [1]]), 9.0, 1, 'mean')
paddle.put_along_axis(a, paddle.to_tensor([[0], [1]]), 9.0, 1, 'add', include_self=False)
paddle.put_along_axis(a, paddle.to_tensor([[0]]), paddle.ones([1, 1]), 1)
paddle.index_add(a, paddle.to_tensor([0]), 1, paddle.ones([2, 1]))
paddle.index_put(a, (paddle.to_tensor([0]), paddle.to_tensor([1])), paddle.to_tensor([9.0]))
paddle.index_put(a, (a > 0,), paddle.to_tensor(9.0))
paddle.index_fill(a, paddle.to_tensor([0]), 1, -1)
paddle.index_select(a, paddle.to_tensor([0, 0]), axis=1)
paddle.masked_select(a, a > 0)
paddle.index_sample(a, paddle.to_tensor([[0, 1], [1, 2]]))
"""

WRITES = """
b[0] = 5
b[:, 1] = 2.5
b[b > 0] = 0
b[[0, 1], [1, 0]] = -1.0
b[0] = paddle.ones([3])
b[:, ::-1] = paddle.arange(3.0)
b[::-1] = b * 2
b[..., 0] = np.array([7.0, 8.0])
b[paddle.to_tensor([1])] = paddle.zeros([1, 3])
b[0, 1:] = paddle.to_tensor([1, 2])
b[None, 0] = 3
b[b[:, 0] < 9] = 1.5
"""

ROWS = [
    *[row(call, a=f32(2, 3)) for call in ON_A.strip().splitlines()],
    *[
        row(f"[b := a.clone(), exec({call!r}, {{'b': b, 'paddle': paddle, 'np': np}})][0]", a=f32(2, 3))
        for call in WRITES.strip().splitlines()
    ],
    row("paddle.flatten(a)", a=f32()),
    row("a.flatten(1)", a=f32(2, 3, 4)),
    row("a.flatten(0, 1)", a=f32(2, 3, 4)),
    row("a.squeeze([0, 2])", a=f32(1, 2, 1)),
    row("a.squeeze([0, 1])", a=f32(1, 2, 1)),
    row("a.squeeze()", a=f32(1, 2, 1)),
    row("a.expand_as(b)", a=f32(1, 3), b=f32(4, 2, 3)),
    row("a.reshape([])", a=f32(1)),
    row("paddle.concat([a, b])", a=f32(2, 3), b=f64(2, 3)),
    row("paddle.concat([a, b], 1)", a=f32(2, 3), b=f32(2, 1)),
    row("a.transpose([0, 2, 1])", a=f32(2, 3, 4)),
    row("paddle.moveaxis(a, [0, 1], [1, 2])", a=f32(2, 3, 4)),
    row("paddle.shard_index(a, 20, 2, 0)", a=i64(4, 1, high=20)),
    row("a[:, [0, 1], [1, 0]]", a=f32(2, 3, 4)),
    row("a[[0, 1], :, [1, 0]]", a=f32(2, 3, 4)),
    row("a[0, :, [1, 0]]", a=f32(2, 3, 4)),
    row("a[b]", a=f32(2, 3, 4), b=boolean(2, 3)),
    row("a[:, b]", a=f32(2, 3, 4), b=i32(2, high=3)),
    row("a[-1, ..., 1:3]", a=f32(2, 3, 4)),
    row("paddle.gather_nd(a, b)", a=f32(2, 3, 4), b=i64(2, 5, 2, high=2)),
    row("paddle.take_along_axis(a, b, 0)", a=f32(4, 3), b=i64(2, 3, high=4)),
    row("paddle.repeat_interleave(a, 3, 0)", a=i32(2, 3)),
    row("paddle.fliplr(a) if hasattr(paddle, 'fliplr') else a", a=i32(2, 3)),
]
