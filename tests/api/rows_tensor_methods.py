"""Methods and attributes of tensors, in-place spellings among them."""

from rows import boolean, f32, i64, row

INPLACE = """
abs_()
add_(b) subtract_(b) multiply_(b) divide_(b) remainder_(b) floor_divide_(b) pow_(2) scale_(2.0,1.0) clip_(-0.2,0.3)
exp_()
sqrt_() rsqrt_() reciprocal_() floor_() ceil_() round_() tanh_() sigmoid_() sin_() cos_() neg_() log1p_() trunc_()
lerp_(b,0.5) fill_(2.0) zero_() cumsum_(0) tril_() triu_() nan_to_num_() frac_() masked_fill_(b>0,1.0) logit_(1e-6)
unsqueeze_(0) squeeze_() reshape_([3,2]) flatten_() transpose_([1,0]) t_() index_add_(paddle.to_tensor([0]),0,b[:1])
put_along_axis_(paddle.to_tensor([[0],[1]]),9.0,1) scatter_(paddle.to_tensor([0]),b[:1]) uniform_(1,1) erfinv_()
""".split()

CALLS = """
a.dim()
a.ndimension()
a.rank()
a.size
a.strides
a.get_strides()
a.element_size()
a.is_floating_point()
a.is_contiguous()
a.is_leaf
a.is_dense()
a.T
a.mean()
a.tolist()
a[0, 0].tolist()
a.item(3)
a.item(1, 2)
a.item()
a[0, 0].item()
a.numpy()
a.value()
a.cpu()
a.detach()
a.clone()
a.contiguous()
a.to('float64')
a.to('cpu')
a.to('cpu', 'float64')
a.to(dtype='int32')
a.to(paddle.CPUPlace(), 'int32')
a.to(paddle.ones([1], 'int64'))
a.astype(paddle.int32)
a.max(axis=1, keepdim=True)
a.add(a)
a.add(y=a)
a.matmul(a, transpose_y=True)
a.unbind(0)
a.where(a > 0, a)
a.pow(y=2)
a.norm(p=1, axis=-1, keepdim=True)
a.gradient()
a.grad
a.persistable
a.stop_gradient
a.set_value(np.zeros([2, 3]))
a.set_value(np.zeros([3, 2], 'float32'))
a.set_value([1, 2])
[a.set_value(np.ones([2, 3], 'float32')), a][1]
[a.set_value(paddle.ones([2, 3])), a][1]
str(a)
str(a.astype('int64'))
str(a > 0)
str(paddle.arange(2000))
str(paddle.arange(4000).reshape([10, 20, 20]))
str(paddle.to_tensor(2.5))
str(paddle.to_tensor([1.0, float('nan'), -float('inf')]))
str(paddle.to_tensor([[1, 200], [-3, 4]]))
str(paddle.ones([1001, 2]))
str(paddle.rand([50]) * 0 + 12.345678)
str(paddle.zeros([0, 3]))
str(paddle.ones([2], 'bfloat16'))
paddle.ones([2], 'bfloat16')
str(paddle.to_tensor([1 + 2j]))
[setattr(a, 'stop_gradient', False), (a * a).sum().backward(), a.grad, a.gradient()][2:]
[setattr(a, 'stop_gradient', False), (a * 2).backward(), a.grad][2]
[setattr(a, 'stop_gradient', False), (a * 2).backward(), a.clear_grad(), a.grad][3]
[setattr(a, 'stop_gradient', False), (a * 2).backward(), a.clear_gradient(False), a.grad][3]
[setattr(a, 'stop_gradient', False), (a * 2).numpy(), (a * 2).stop_gradient, a.detach().stop_gradient][1:]
[setattr(a, 'name', 'x'), a.name][1]
"""

ROWS = [
    *[
        row(f"[c := a.{call}, c is a, a]", a=f32(2, 3, low=0.1, high=0.9), b=f32(2, 3, low=0.1, high=0.9))
        for call in INPLACE
    ],
    *[row(call, a=f32(2, 3)) for call in CALLS.strip().splitlines()],
    row("[a.logical_and_(b) is a, a]", a=boolean(3), b=boolean(3)),
    row("[a.bitwise_not_() is a, a]", a=i64(3)),
    row("a.add_(b)", a=i64(3), b=f32(2, 3)),
]
