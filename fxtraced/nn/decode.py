"""Decoding step by step (paddle.nn.decode): BeamSearchDecoder and dynamic_decode.

How many steps there are depends on data, so a static graph cannot hold them.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import torch
import torch.nn.functional as TF
from torch.utils._pytree import tree_leaves, tree_map

from fxtraced.nn.functional._arguments import cast
from fxtraced.nn.functional.extension import gather_tree
from fxtraced.tensor.common import torch_method
from fxtraced.tensor.tensor import as_tensor

_IMPOSSIBLE = -1e9


class Decoder:
    """What dynamic_decode runs: initialize, step and, unless it leaves the outputs as they are, finalize."""

    def initialize(self, inits: Any) -> tuple[Any, Any, Any]:
        """(inputs of the first step, states, finished [...] bool)."""
        raise NotImplementedError

    def step(self, time: Any, inputs: Any, states: Any, **kwargs: Any) -> tuple[Any, Any, Any, Any]:
        """(outputs, next states, next inputs, finished)."""
        raise NotImplementedError

    def finalize(self, outputs: Any, final_states: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        """(outputs, states) after the last step; outputs are stacked along a first axis, time."""
        raise NotImplementedError

    @property
    def tracks_own_finished(self) -> bool:
        """Whether step gives `finished` for all sequences, and not only for those that finish now."""
        return False


class BeamSearchDecoder(Decoder):
    """Beam search with a cell: embedding_fn makes its inputs of token ids, output_fn scores of its outputs."""

    OutputWrapper = namedtuple("OutputWrapper", ("scores", "predicted_ids", "parent_ids"))
    StateWrapper = namedtuple("StateWrapper", ("cell_states", "log_probs", "finished", "lengths"))

    def __init__(
        self, cell: Any, start_token: int, end_token: int, beam_size: int,
        embedding_fn: Callable[..., Any] | None = None, output_fn: Callable[..., Any] | None = None,
    ):  # fmt: skip
        self.cell, self.embedding_fn, self.output_fn = cell, embedding_fn, output_fn
        self.start_token, self.end_token, self.beam_size = start_token, end_token, beam_size

    @staticmethod
    def tile_beam_merge_with_batch(x: Any, beam_size: int) -> Any:
        """x [batch, ...] as [batch * beam_size, ...], each sample beam_size times."""
        return torch.repeat_interleave(x, beam_size, 0)

    @property
    def tracks_own_finished(self) -> bool:
        return True

    def initialize(self, initial_cell_states: Any) -> tuple[Any, Any, Any]:
        first = tree_leaves(initial_cell_states)[0]
        shape = [first.shape[0], self.beam_size]
        tokens = as_tensor(torch.full(shape, self.start_token, dtype=torch.int64, device=first.device))
        log_probs = torch.zeros(shape, device=first.device)
        log_probs[:, 1:] = _IMPOSSIBLE  # all beams are the same one at first
        finished = as_tensor(torch.zeros(shape, dtype=torch.bool, device=first.device))
        states = tree_map(self._to_beams, initial_cell_states)
        wrapped = self.StateWrapper(states, as_tensor(log_probs), finished, as_tensor(torch.zeros_like(tokens)))
        return self._embedded(tokens), wrapped, finished

    def step(self, time: Any, inputs: Any, states: Any, **kwargs: Any) -> tuple[Any, Any, Any, Any]:
        merged = tree_map(_merge, inputs), tree_map(_merge, states.cell_states)
        outputs, cell_states = self.cell(*merged, **kwargs)
        if self.output_fn is not None:
            outputs = self.output_fn(outputs)
        output, state = self._search(tree_map(self._split, outputs), cell_states, states)
        return output, state, self._embedded(output.predicted_ids), state.finished

    def finalize(self, outputs: Any, final_states: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        return gather_tree(outputs.predicted_ids, outputs.parent_ids), final_states

    def _search(self, scores: Any, cell_states: Any, states: Any) -> tuple[Any, Any]:
        """The beam_size best continuations of all beams [batch, beam, classes]."""
        classes = scores.shape[-1]
        ended = torch.full([classes], _IMPOSSIBLE, dtype=scores.dtype, device=scores.device)
        ended[self.end_token] = 0.0
        steps = torch.where(torch.unsqueeze(states.finished, 2), ended, TF.log_softmax(scores, -1))
        totals = torch.flatten(steps + torch.unsqueeze(states.log_probs, 2), 1)
        best, places = torch.topk(totals, self.beam_size)
        parents, tokens = places // classes, places % classes
        finished = torch.gather(states.finished, 1, parents)
        lengths = torch.gather(states.lengths, 1, parents) + cast(torch.logical_not(finished), torch.int64)
        chosen = tree_map(lambda state: _of_parents(self._split(state), parents), cell_states)
        output = self.OutputWrapper(best, tokens, parents)
        return output, self.StateWrapper(chosen, best, finished | torch.eq(tokens, self.end_token), lengths)

    def _embedded(self, tokens: Any) -> Any:
        return tokens if self.embedding_fn is None else self.embedding_fn(tokens)

    def _to_beams(self, x: Any) -> Any:
        return torch.repeat_interleave(torch.unsqueeze(x, 1), self.beam_size, 1)

    def _split(self, x: Any) -> Any:
        return torch.unflatten(x, 0, [-1, self.beam_size])


def _merge(x: Any) -> Any:
    """[batch, beam, ...] as [batch * beam, ...]."""
    return torch.flatten(x, 0, 1)


def _of_parents(x: Any, parents: Any) -> Any:
    """x [batch, beam, ...] with the beams in the order of parents [batch, beam]."""
    index = torch.reshape(parents, [*parents.shape, *[1] * (x.ndim - 2)])
    return torch.gather(x, 1, torch_method(index, "expand", list(x.shape)))


def dynamic_decode(
    decoder: Decoder, inits: Any = None, max_step_num: int | None = None, output_time_major: bool = False,
    impute_finished: bool = False, is_test: bool = False, return_length: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """Run a decoder until all is finished, or for max_step_num + 1 steps: (outputs, final states[, lengths]).

    Outputs are [batch, steps, ...], or [steps, batch, ...] with output_time_major. impute_finished keeps the states of
    finished sequences, for decoders that do not track them. is_test makes no difference here.
    """
    inputs, states, finished = decoder.initialize(inits)
    lengths = torch.zeros_like(cast(finished, torch.int64))
    outputs: list[Any] = []
    while not bool(torch.all(finished)) and (max_step_num is None or len(outputs) <= max_step_num):
        output, new_states, inputs, now_finished = decoder.step(len(outputs), inputs, states, **kwargs)
        if decoder.tracks_own_finished:
            lengths = getattr(new_states, "lengths", lengths)
        else:
            now_finished = torch.logical_or(now_finished, finished)
            # As Paddle counts: without the step that finishes a sequence.
            lengths = lengths + cast(torch.logical_not(now_finished), torch.int64)
            if impute_finished:
                new_states = tree_map(lambda old, new, done=now_finished: _kept(old, new, done), states, new_states)
        outputs.append(output)
        states, finished = new_states, now_finished
    found = tree_map(lambda *steps: torch.stack(steps, 0), *outputs)
    with suppress(NotImplementedError):  # a decoder without finalize leaves the outputs as they are
        found, states = decoder.finalize(found, states, lengths)
    if not output_time_major:
        found = tree_map(lambda x: torch.transpose(x, 0, 1), found)
    return (found, states, lengths) if return_length else (found, states)


def _kept(old: Any, new: Any, finished: Any) -> Any:
    return torch.where(torch.reshape(finished, [-1, *[1] * (new.ndim - 1)]), old, new)
