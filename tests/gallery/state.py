"""Buffers, counters, attributes, hooks, caches: what a call leaves behind for the next one."""

from __future__ import annotations

import functools

import torch

import fxtraced as paddle
from tests.gallery.entries import Gallery, counting, f32, linear

G = Gallery("state")


@G.right(f32(3, 4), f32(5, 4), f32(1, 4), setup=counting)
def buffer_replaced(self, x):
    self.steps = self.steps + 1
    return self.fc(x) * self.steps


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def buffer_written_in_place(self, x):
    self.steps += 1
    self.steps.mul_(2)
    return self.fc(x) + self.steps


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def buffer_replaced_and_read_again(self, x):
    before = self.steps
    self.steps = self.steps + x.mean()
    between = self.steps * 2
    self.steps = between + before
    return x + before, self.steps, between


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def buffer_written_after_it_was_read(self, x):
    y = x + self.steps
    self.steps.add_(1)
    z = x + self.steps
    self.steps.copy_(x.sum().reshape([1]))
    return y, z


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def buffer_returned_before_it_is_written(self, x):
    view = self.steps
    copy = self.steps.clone()
    self.steps.add_(1)
    return view, copy, x


def two_buffers(self, nn):
    self.register_buffer("a", torch.zeros(4))
    self.register_buffer("b", torch.ones(4))


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def buffers_that_change_places(self, x):
    self.a, self.b = self.b, self.a
    return x + self.a - self.b * 2


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def buffers_computed_from_each_other(self, x):
    self.a, self.b = self.b + 1, self.a + x.mean()
    return x + self.a


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def one_buffer_becomes_another(self, x):
    self.a = self.b
    self.b = self.b * 2
    return x + self.a


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def a_view_of_a_buffer_written(self, x):
    self.a[1:3] += x.sum()
    self.a[0] = x.mean()
    return x * self.a


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def a_buffer_updated_by_data(self, x):
    self.a.mul_(0.9).add_(x.mean(0) * 0.1)
    return x - self.a


@G.right(f32(3, 4), f32(2, 4), f32(7, 4), setup=lambda self, nn: self.register_buffer("ring", torch.zeros(8, 4)))
def a_ring_buffer(self, x):
    n = x.shape[0]
    self.ring = torch.cat([self.ring[n:], x])
    return self.ring.sum(0)


def counted(self, nn):
    self.calls = 0
    self.fc = nn.Linear(4, 4)


@G.refused("FXT202", f32(3, 4), setup=counted)
def a_python_counter_in_the_result(self, x):
    self.calls += 1
    return x * self.calls


@G.refused("FXT202", f32(3, 4), setup=counted)
def every_other_call(self, x):
    self.calls += 1
    return x if self.calls % 2 else -x


@G.refused("FXT202", f32(3, 4), setup=counted)
def only_the_first_call(self, x):
    if self.calls == 0:
        self.calls = 1
        return x * 2
    return x


@G.refused("FXT202", f32(3, 4), setup=lambda self, nn: setattr(self, "seen", []))
def a_list_that_grows(self, x):
    self.seen.append(len(self.seen))
    return x + len(self.seen)


@G.right(f32(3, 4), f32(5, 4), setup=counted)
def a_python_counter_beside_the_result(self, x):
    self.calls += 1
    return self.fc(x)


def remembering(self, nn):
    self.fc = nn.Linear(4, 4)
    self.last = None


@G.right(f32(3, 4), f32(5, 4), setup=remembering, copies=False)
def the_last_result_kept_and_not_read(self, x):
    self.last = self.fc(x)
    return self.last * 2


@G.guarded(f32(3, 4), f32(5, 4), setup=remembering, copies=False)
def the_last_result_kept_and_read(self, x):
    y = self.fc(x)
    if self.last is not None:
        y = y + self.last.mean()
    self.last = y
    return y


def remembering_a_tensor(self, nn):
    self.last = torch.zeros(4)


@G.right(f32(3, 4), f32(5, 4), setup=remembering_a_tensor)
def a_tensor_attribute_replaced_and_read(self, x):
    y = x + self.last
    self.last = y.mean(0)
    return y


@G.right(f32(3, 4), f32(5, 4), setup=remembering_a_tensor)
def a_tensor_attribute_written_in_place(self, x):
    self.last.add_(x.mean(0))
    return x + self.last


@G.refused("FXT103", f32(3, 4), setup=lambda self, nn: self.register_buffer("seen", torch.zeros(1, 4)))
def a_buffer_that_grows(self, x):
    self.seen = torch.cat([self.seen, x])
    return self.seen.sum(0)


@G.refused("FXT102", f32(3, 4), setup=linear)
def a_parameter_written(self, x):
    self.fc.weight.data.mul_(0.5)
    return self.fc(x)


@G.refused("FXT102", f32(3, 4), setup=linear)
def a_view_of_a_parameter_written(self, x):
    with torch.no_grad():
        self.fc.bias[0] = x.sum()
    return self.fc(x)


def with_forward_hooks(self, nn):
    self.fc = nn.Linear(4, 4)
    hook_before = lambda module, given: (given[0] * 2,)  # noqa: E731
    hook_after = lambda module, given, result: result + given[0].shape[0]  # noqa: E731
    if nn is torch.nn:
        self.fc.register_forward_pre_hook(hook_before)
        self.fc.register_forward_hook(hook_after)
    else:
        self.fc.register_forward_pre_hook(hook_before)
        self.fc.register_forward_post_hook(hook_after)


@G.right(f32(3, 4), f32(5, 4), setup=with_forward_hooks)
def hooks_before_and_after(self, x):
    return self.fc(x) + 1


def with_a_hook_of_its_own(self, nn):
    self.fc = nn.Linear(4, 4)
    after = lambda module, given, result: -result  # noqa: E731
    (self.register_forward_hook if nn is torch.nn else self.register_forward_post_hook)(after)


@G.right(f32(3, 4), f32(5, 4), setup=with_a_hook_of_its_own)
def a_hook_on_the_layer_itself(self, x):
    return self.fc(x)


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_hook_registered_in_forward(self, x):
    if isinstance(self.fc, torch.nn.Linear) or not isinstance(self.fc, paddle.nn.Layer):
        handle = self.fc.register_forward_hook(lambda module, given, result: result * 3)
    else:
        handle = self.fc.register_forward_post_hook(lambda module, given, result: result * 3)
    y = self.fc(x)
    handle.remove()
    return y + self.fc(x)


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def training_flag_turned_in_forward(self, x):
    self.eval()
    y = torch.nn.functional.dropout(x, 0.5, training=self.training)
    return self.fc(y)


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def a_branch_on_a_buffer_not_written(self, x):
    return x * 2 if self.steps.sum() == 0 else x


@G.guarded(f32(3, 4), f32(5, 4), setup=counting)
def a_branch_on_a_buffer_that_counts(self, x):
    self.steps += 1
    return x * 2 if self.steps.sum() < 4 else x


@G.refused("FXT101", f32(3, 4), f32(3, 4, low=2, high=3), f32(3, 4, low=-9, high=-8), setup=counting)
def a_branch_on_a_buffer_that_follows_the_data(self, x):
    self.steps.add_(x.mean())
    return x * 2 if self.steps.sum() > 0 else x


@G.refused("FXT202", f32(3, 4), setup=counting)
def a_number_out_of_a_buffer_that_counts(self, x):
    self.steps += 1
    return x * int(self.steps)


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def a_traced_number_out_of_a_buffer_that_counts(self, x):
    self.steps += 1
    return x * self.steps.item()


def with_state_in_a_list(self, nn):
    self.fc = nn.Linear(4, 4)
    self.memory = [torch.zeros(4), torch.ones(4)]


@G.right(f32(3, 4), f32(5, 4), setup=with_state_in_a_list)
def tensors_in_a_list_read(self, x):
    return x + self.memory[0] + self.memory[1]


@G.refused("FXT202", f32(3, 4), setup=with_state_in_a_list)
def tensors_in_a_list_replaced(self, x):
    y = x + self.memory[0]
    self.memory[0] = y.mean(0)
    return y


@G.refused("FXT103", f32(3, 4), setup=with_state_in_a_list)
def tensors_in_a_list_written_in_place(self, x):
    self.memory[0].add_(x.mean(0))
    return x + self.memory[0]


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_buffer_made_in_forward(self, x):
    if "late" not in self._buffers:
        self.register_buffer("late", torch.full([4], 2.0))
    return self.fc(x) * self.late


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_sublayer_made_in_forward(self, x):
    if not hasattr(self, "late"):
        self.late = torch.nn.ReLU()
    return self.late(self.fc(x))


@G.right(f32(3, 4), f32(5, 4), setup=linear)
def a_sublayer_with_weights_made_in_forward(self, x):
    if not hasattr(self, "late"):
        self.late = type(self.fc)(4, 4)
    return self.late(self.fc(x))


@G.right(f32(3, 4), f32(5, 4), setup=counting)
def the_buffer_of_before_returned(self, x):
    before = self.steps
    self.steps = self.steps + x.mean()
    return before, x


@G.right(f32(4, 4), f32(3, 4), setup=lambda self, nn: self.register_buffer("square", torch.arange(9.0).reshape(3, 3)))
def a_buffer_replaced_by_its_own_transpose(self, x):
    self.square = self.square.t()
    return x.sum() * self.square


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def a_buffer_replaced_by_a_view_of_another(self, x):
    self.a = self.b[:]
    self.b = self.b + x.mean()
    return x * self.a


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def a_buffer_replaced_by_an_input(self, x):
    y = x * 2 + self.a
    self.a = y[0]
    y.add_(1)
    return y


@G.right(f32(3, 4), f32(5, 4), setup=two_buffers)
def a_buffer_replaced_by_a_new_tensor(self, x):
    self.a = torch.ones(4)
    return x + self.a + self.b


@functools.lru_cache
def _causal(n):
    return torch.tril(torch.ones(n, n))


@G.guarded(f32(3, 4), f32(5, 4))
def a_mask_from_a_cache(self, x):
    return _causal(x.shape[0]) @ x


def caching(self, nn):
    self.cache = {}
    self.longest = 2
    self.register_buffer("angles", torch.zeros(2))


@G.guarded(f32(3, 4), f32(5, 4), setup=caching)
def a_table_from_a_cache_of_its_own(self, x):
    n = x.shape[0]
    if n not in self.cache:
        self.cache[n] = torch.arange(n).unsqueeze(1) * 2.0
    return x * self.cache[n]


@G.guarded(f32(5, 4), f32(3, 4), f32(7, 4), setup=caching)
def a_table_rebuilt_for_longer_inputs(self, x):
    n = x.shape[0]
    if n > self.longest:
        self.longest = int(n)
        self.angles = torch.arange(self.longest) * 0.5
    return x * self.angles[:n].unsqueeze(1)


@G.right(f32(3, 4), f32(5, 4), setup=remembering)
def a_table_made_in_the_first_call(self, x):
    if self.last is None:
        self.last = torch.arange(4.0)
    return x * self.last


@G.right(f32(3, 4), f32(5, 4), setup=linear, style="torch")
def a_tensor_compared_with_none(self, x):
    return x if x == None or self.fc is None else self.fc(x)  # noqa: E711
