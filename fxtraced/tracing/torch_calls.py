"""What the tracer knows of single torch functions, by name."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from typing import Any

import torch

from fxtraced.tracing.values import leaves_of

# Answered from the value at hand: they tell of a tensor's type and form, not of its sizes or data.
FACTS = frozenset(
    """dim ndimension stride is_floating_point is_complex is_contiguous is_signed element_size storage_offset
    is_tensor is_inference get_device result_type promote_types can_cast is_shared is_conj is_neg has_names
    retain_grad register_hook register_post_accumulate_grad_hook data_ptr untyped_storage storage
    __hash__ __repr__ __str__ __dir__ is_grad_enabled get_default_dtype""".split()
)

# Facts that follow from sizes: numbers of the graph.
LAYOUT = frozenset({"stride", "storage_offset", "is_contiguous"})

# torch's functions of symbolic sizes, as Python's own.
SYMBOLIC: dict[str, Callable[..., Any]] = {
    "sym_max": max, "sym_min": min, "sym_not": operator.not_, "sym_int": math.trunc, "sym_float": lambda x: x * 1.0,
}  # fmt: skip

# A look at the data of a tensor.
LOOKS = frozenset(
    """item __bool__ __int__ __float__ __index__ __complex__ __contains__ __format__ tolist numpy __array__
    is_nonzero""".split()
)
# A look at the data of two tensors: a bool that must be a tensor operation to stay in the graph.
COMPARING_LOOKS = frozenset({"equal", "allclose"})

# Functions that draw from a random generator.
RANDOM = frozenset(
    """rand randn randint randperm rand_like randn_like randint_like bernoulli normal multinomial poisson
    uniform_ normal_ exponential_ random_ bernoulli_ cauchy_ geometric_ log_normal_
    dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout feature_dropout native_dropout
    gumbel_softmax rrelu rrelu_ fractional_max_pool2d fractional_max_pool3d scaled_dot_product_attention""".split()
)
# Of these, the ones that draw only when told to train.
RANDOM_WHEN_TRAINING = frozenset(
    """dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout feature_dropout rrelu
    rrelu_""".split()
)

# Functions that make a tensor from numbers.
FACTORIES = frozenset(
    """zeros ones empty full arange range linspace logspace eye rand randn randint randperm normal
    scalar_tensor tril_indices triu_indices hann_window hamming_window blackman_window kaiser_window
    bartlett_window complex polar empty_strided""".split()
)
# What torch's argument parser says when it took a traced size for the whole list of sizes.
SIZES_ONE_BY_ONE = re.compile(
    r"(zeros|ones|empty|expand|new_\w+)\(\) takes 1 positional argument"
    r"|new\(\) received .*- got \(.*Traced(Scalar|Size)"
    r"|randn?\(\) received .*- got \(.*Traced(Scalar|Size)"
)
# Functions that make a tensor from Python or NumPy data: without traced sizes in it, a constant of the graph.
LITERALS = frozenset("tensor as_tensor asarray from_numpy".split())

# Methods that TorchScript has only as functions.
FUNCTIONS_ONLY = frozenset({"norm", "unique", "unique_consecutive"})

# How many tensors these give depends on sizes; unpacking them fixed the number.
COUNTED = frozenset("split chunk unbind tensor_split hsplit vsplit dsplit unsafe_split unsafe_chunk".split())
# How many dimensions these give depends on sizes.
RANKED = frozenset({"squeeze", "squeeze_"})
# These give their input's own memory, or a copy, as its layout and dtype have it.
MAYBE_VIEWS = frozenset("contiguous reshape reshape_as flatten ravel to".split())
# Writes that give a tensor other sizes.
RESHAPING_WRITES = frozenset(
    """as_strided_ squeeze_ unsqueeze_ t_ transpose_ swapaxes_ swapdims_ resize_ resize_as_ set_""".split()
)

# Slots of torch.Tensor as operators; the second flag swaps the operands.
OPERATORS: dict[str, tuple[Callable[..., Any], bool]] = {
    "__getitem__": (operator.getitem, False),
    "__setitem__": (operator.setitem, False),
    **{
        f"__{name}__": (getattr(operator, name if name not in ("and", "or") else name + "_"), False)
        for name in "add sub mul truediv floordiv mod pow matmul and or xor eq ne lt le gt ge".split()
    },
    **{
        f"__r{name}__": (getattr(operator, name if name not in ("and", "or") else name + "_"), True)
        for name in "add sub mul truediv floordiv mod pow matmul and or xor".split()
    },
    "__rdiv__": (operator.truediv, True),
    "__div__": (operator.truediv, False),
    "__neg__": (operator.neg, False),
    "__invert__": (operator.invert, False),
    "__abs__": (operator.abs, False),
}
# Casts that TorchScript has no method for, as arguments of `to`.
CASTS: dict[str, torch.dtype] = {
    "bool": torch.bool, "byte": torch.uint8, "char": torch.int8, "short": torch.int16, "half": torch.float16,
    "bfloat16": torch.bfloat16, "cfloat": torch.complex64, "cdouble": torch.complex128,
}  # fmt: skip
# In-place slots as in-place methods.
IN_PLACE_SLOTS = {
    "__iadd__": "add_",
    "__isub__": "sub_",
    "__imul__": "mul_",
    "__itruediv__": "div_",
    "__idiv__": "div_",
    "__ifloordiv__": "floor_divide_",
    "__imod__": "remainder_",
    "__ipow__": "pow_",
    "__iand__": "bitwise_and_",
    "__ior__": "bitwise_or_",
    "__ixor__": "bitwise_xor_",
}

# Attributes of a tensor that are tensors themselves, as the call that computes them.
TENSOR_ATTRIBUTES: dict[str, tuple[str, Any, tuple[Any, ...]]] = {
    "T": ("call_method", "t", ()),
    "mT": ("call_method", "transpose", (-2, -1)),
    "H": ("call_method", "adjoint", ()),
    "mH": ("call_method", "adjoint", ()),
    "real": ("call_function", torch.real, ()),
    "imag": ("call_function", torch.imag, ()),
    "data": ("call_method", "detach", ()),
}


def draws(name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """True when this call draws random numbers."""
    if name not in RANDOM:
        return False
    if name == "scaled_dot_product_attention":
        return bool(kwargs.get("dropout_p", args[4] if len(args) > 4 else 0.0))
    if name in RANDOM_WHEN_TRAINING:
        # Their `training` is the third argument, or the fifth of rrelu.
        place = 4 if name.startswith("rrelu") else 2
        default = not name.startswith("rrelu")
        return bool(kwargs.get("training", args[place] if len(args) > place else default))
    return True


def writes_in_place(name: str, kwargs: dict[str, Any]) -> bool:
    """True when the call writes into its first argument, by torch's naming."""
    if name in ("setitem", "__setitem__") or name in IN_PLACE_SLOTS:
        return True
    return (
        (name.endswith("_") and not name.endswith("__"))
        or bool(kwargs.get("inplace", False))
        or kwargs.get("out") is not None
    )


# Norms, and their sixth argument with its default: whether the batch's statistics count, and update the running ones.
_TRAINS = {
    torch.nn.functional.batch_norm: ("training", False),
    torch.nn.functional.instance_norm: ("use_input_stats", True),
    torch.batch_norm: ("training", False),
    torch.instance_norm: ("use_input_stats", True),
}


def updated_statistics(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
    """The running statistics that a norm updates; torch does not count these writes."""
    switch = _TRAINS.get(target)
    if switch is None or not (args[5] if len(args) > 5 else kwargs.get(*switch)):
        return []
    # The operators take the weight and the bias first.
    first = 3 if target in (torch.batch_norm, torch.instance_norm) else 1
    names = ("running_mean", "running_var")
    given = [args[i] if len(args) > i else kwargs.get(key) for i, key in enumerate(names, first)]
    return [x for x in given if x is not None]


def shares_memory(result: Any, inputs: list[torch.Tensor]) -> bool:
    """True when a tensor in result has the memory of an input."""
    taken = {x.untyped_storage()._cdata for x in inputs}
    return any(x.untyped_storage()._cdata in taken for x in leaves_of(result) if isinstance(x, torch.Tensor))


def version(tensor: torch.Tensor) -> int:
    """The number of writes into a tensor so far."""
    # Tensors made in inference mode count no writes.
    return -1 if tensor.is_inference() else tensor._version


def run(kind: str, target: Any, args: Any, kwargs: Any) -> Any:
    """A call of the graph, on values."""
    return getattr(args[0], target)(*args[1:], **kwargs) if kind == "call_method" else target(*args, **kwargs)


def opcode(func: Any, name: str, args: tuple[Any, ...]) -> tuple[str, Any, tuple[Any, ...]]:
    """The graph's way to say a torch call: an operator, a tensor method, or a function."""
    # torch._tensor wraps some methods of TensorBase in functions, under the methods' plain names.
    is_method = (
        getattr(torch.Tensor, name, None) is func
        or getattr(func, "__objclass__", None) is torch._C.TensorBase
        or getattr(func, "__module__", "") == "torch._tensor"
    )
    if not is_method:
        return "call_function", func, args
    if name in OPERATORS:
        function, swapped = OPERATORS[name]
        return "call_function", function, args[::-1] if swapped else args
    if name in FUNCTIONS_ONLY:
        return "call_function", getattr(torch, name), args
    if name in CASTS:
        return "call_method", "to", (*args, CASTS[name])
    return "call_method", IN_PLACE_SLOTS.get(name, name), args
