"""Structures of inputs and outputs."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, f32, i64, linear

G = Gallery("structures")


class Result(NamedTuple):
    score: Any
    label: Any


Pair = namedtuple("Pair", "left right")


@G.right([[f32(3, 4), f32(3, 2)]], [[f32(5, 4), f32(5, 2)]])
def a_list_of_inputs(self, feats):
    return torch.cat(feats, 1) * len(feats)


@G.right([f32(3, 4), [f32(3, 2), [f32(3, 1)]]], [f32(5, 4), [f32(5, 2), [f32(5, 1)]]])
def nested_lists_of_inputs(self, x, rest):
    a, (b,) = rest
    return torch.cat([x, a, b], 1)


@G.right([(f32(3, 4), f32(3, 4))], [(f32(5, 4), f32(5, 4))])
def a_tuple_of_inputs(self, pair):
    left, right = pair
    return left - right * 2


@G.right([{"a": f32(3, 4), "b": f32(4)}], [{"a": f32(5, 4), "b": f32(4)}])
def a_dict_of_inputs(self, batch):
    return batch["a"] * batch["b"] + len(batch)


@G.right([{"b": f32(3, 4), "a": f32(4)}], [{"a": f32(4), "b": f32(5, 4)}], [{"b": f32(2, 4), "a": f32(4)}])
def a_dict_in_another_order(self, batch):
    return batch["b"] - batch["a"]


@G.right([Pair(f32(3, 4), f32(3, 4))], [Pair(f32(5, 4), f32(5, 4))])
def a_named_tuple_of_inputs(self, pair):
    return pair.left - pair.right * 2


@G.right([f32(3, 4), f32(3, 4), f32(3, 4)], [f32(5, 4), f32(5, 4), f32(5, 4)])
def any_number_of_inputs(self, *xs):
    return sum(x * i for i, x in enumerate(xs))


@G.right(f32(3, 4), f32(5, 4))
def a_dict_of_outputs(self, x):
    return {"sum": x.sum(0), "double": x * 2, "rows": {"first": x[0]}}


@G.right(f32(3, 4), f32(5, 4))
def nested_outputs(self, x):
    return x, [x * 2, (x * 3, [x * 4])], {"five": x * 5}


@G.right(f32(3, 4), f32(5, 4))
def a_named_tuple_of_outputs(self, x):
    return Result(x.sum(1), torch.argmax(x, 1))


@G.right(f32(3, 4), f32(5, 4))
def an_ordered_dict_of_outputs(self, x):
    return OrderedDict([("z", x * 2), ("a", x * 3)])


@G.right(f32(3, 4), f32(5, 4))
def a_dict_with_odd_keys(self, x):
    return {"a.b": x, "1": x * 2, "a b": x * 3, "class": x * 4, "self": x * 5, "torch": x * 6}


@G.right([f32(3, 4), f32(3, 4)], [f32(5, 4), f32(5, 4)])
def parameters_with_reserved_names(self, input, float):
    return input * 2 + float


@G.right([f32(3, 4), f32(3, 4)], [f32(5, 4), f32(5, 4)])
def parameters_with_names_of_operations(self, add, relu):
    mul = add * 2
    return torch.relu(mul + relu) + add


@G.right(f32(3, 4), f32(5, 4))
def one_output_in_a_list(self, x):
    return [x * 2]


@G.refused("TypeError", f32(3, 4))
def none_among_the_outputs(self, x):
    return x, None


@G.refused("TypeError", f32(3, 4))
def a_number_among_the_outputs(self, x):
    return x, 3.0


@G.refused("TypeError", f32(3, 4))
def a_size_among_the_outputs(self, x):
    return x, x.shape[0]


@G.right(f32(3, 4), f32(5, 4), style="torch")
def the_results_of_max(self, x):
    return torch.max(x, 1)


@G.right(f32(3, 4), f32(5, 4), style="torch")
def fields_of_the_results(self, x):
    found = x.sort(dim=1)
    return found.values * 2, found.indices, x.min(dim=0)[0]


@G.right(f32(3, 4), f32(5, 4), f32(1, 4))
def parts_of_a_split(self, x):
    a, b = torch.split(x, [1, 3], 1)
    return b, a, [a * 2]


@dataclass
class Box:
    value: Any
    scale: float = 2.0


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_dataclass_inside(self, x):
    box = Box(self.fc(x))
    box.value = box.value * box.scale
    return box.value


class Inner(paddle.nn.Layer):
    def forward(self, x, options, scale=1.0, **more):
        return {"y": x * scale + options["shift"], "z": x * more["by"]}


class DictsBetweenLayers(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        out = self.inner(x, {"shift": x.mean()}, scale=2.0, by=x.shape[0])
        return out["y"] + out["z"]


G.right(f32(3, 4), f32(5, 4))(DictsBetweenLayers)


class SublayersInPaddlesContainers(paddle.nn.Layer):
    def __init__(self):
        super().__init__()
        self.blocks = paddle.nn.LayerList([paddle.nn.Linear(4, 4), paddle.nn.Linear(4, 4)])
        self.heads = paddle.nn.LayerDict({"a": paddle.nn.Linear(4, 2), "b": paddle.nn.Linear(4, 3)})
        self.scales = paddle.nn.ParameterList([self.create_parameter([4]) for _ in range(2)])
        self.body = paddle.nn.Sequential(("first", paddle.nn.Linear(4, 4)), ("then", paddle.nn.GELU()))

    def forward(self, x):
        for block, scale in zip(self.blocks, self.scales, strict=True):
            x = block(x) * scale + self.blocks[-1](x)
        x = self.body(x)
        return {name: head(x) for name, head in self.heads.items()}


G.right(f32(3, 4), f32(5, 4))(SublayersInPaddlesContainers)


@G.right([f32(3, 4), i64(3)], [f32(5, 4), i64(5)], [f32(0, 4), i64(0)])
def an_input_that_is_not_used(self, x, y):
    return x * 2


@G.right([f32(3, 4), f32(7)], [f32(5, 4), f32(2)])
def an_input_whose_size_alone_is_used(self, x, y):
    return x * y.shape[0]


@G.right([f32(3, 4), i64(3)], [f32(5, 4), i64(5)])
def outputs_named_as_the_inputs(self, x, y):
    return {"y": x * 2, "x": y.float() / 2, "mul": x.sum(), "fetch_0": y}


@G.right([f32(3, 4), i64(3)], [f32(5, 4), i64(5)])
def inputs_named_as_outputs(self, fetch_1, fetch_0):
    return fetch_1 * 2, fetch_0 + 1
