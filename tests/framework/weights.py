"""What the files of weights hold, written under Paddle and under fxtraced alike (paddle is either of them)."""

import numpy as np

DTYPES = ("float32", "float64", "float16", "bfloat16", "int8", "uint8", "int32", "int64", "bool", "complex64")


def network(paddle):
    """A small network whose values follow from their keys."""
    net = paddle.nn.Sequential(paddle.nn.Linear(3, 2), paddle.nn.BatchNorm1D(2))
    for number, (_, value) in enumerate(net.state_dict().items()):
        value.set_value(values(value.shape, number))
    return net


def values(shape, seed):
    return np.random.RandomState(seed).uniform(0.5, 1.5, list(shape)).astype("float32")


def state(paddle):
    return network(paddle).state_dict()


def optimizer_state(paddle):
    """Adam's state after one step, with a scheduler."""
    net = network(paddle)
    scheduler = paddle.optimizer.lr.StepDecay(0.1, step_size=2)
    adam = paddle.optimizer.Adam(scheduler, parameters=net.parameters())
    result = net(paddle.to_tensor(values([4, 3], 9)))
    paddle.sum(result * paddle.to_tensor(values([4, 2], 10))).backward()
    adam.step()
    scheduler.step()
    return adam.state_dict()


def checkpoint(paddle):
    """A nested dict: plain values, tensors in lists and tuples, an array."""
    one = named(paddle.ones([2]), "one")
    return {
        "epoch": 3,
        "best": {"score": 0.5, "name": "größe", "none": None, "flags": [True, False]},
        "model": dict(state(paddle)),
        "pair": (one, [named(paddle.zeros([0, 3]), "empty"), -1]),
        "array": np.arange(6).reshape(2, 3),
        "number": np.float32(1.5),
    }


def dtypes(paddle):
    """A tensor of every dtype, and a 0-D one."""
    found = {name: named(paddle.to_tensor([0, 1, 3]).astype(name), name) for name in DTYPES}
    return {**found, "zero_d": named(paddle.to_tensor(2.5), "zero_d")}


def tensor(paddle):
    return named(paddle.to_tensor([[1.0, -2.0]]), "alone")


def arrays(paddle):
    """Arrays without a tensor among them: read as tensors."""
    return {"w": np.arange(3), "deep": [np.ones([2, 2], "float32")], "n": 1}


def named(value, name):
    value.name = name
    return value


# File name -> what it holds, and the protocol.
FILES = {
    "network.pdparams": (state, 4),
    "protocol_2.pdparams": (state, 2),
    "adam.pdopt": (optimizer_state, 4),
    "checkpoint.pdparams": (checkpoint, 4),
    "checkpoint_2.pdparams": (checkpoint, 2),
    "dtypes.pdparams": (dtypes, 4),
    "tensor.pdtensor": (tensor, 4),
    "arrays.pdparams": (arrays, 4),
}


def described(value):
    """A loaded object as JSON can hold it: tensors and arrays with name, dtype, shape and values."""
    if isinstance(value, dict):
        return {key: described(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [type(value).__name__, *map(described, value)]
    if isinstance(value, np.generic):
        return ["number", value.dtype.name, value.item()]
    if isinstance(value, np.ndarray):
        return ["array", value.dtype.name, list(value.shape), _numbers(value)]
    if hasattr(value, "stop_gradient"):
        array = value.numpy()
        name = value.name if value.name and not value.name.startswith("generated_tensor") else ""
        return ["tensor", name, array.dtype.name, list(value.shape), _numbers(array)]
    return value


def _numbers(array):
    flat = array.reshape(-1)
    return [[x.real, x.imag] for x in flat.tolist()] if array.dtype.kind == "c" else flat.tolist()
