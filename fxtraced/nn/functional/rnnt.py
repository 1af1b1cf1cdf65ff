"""The loss of RNN transducers, which Paddle keeps in paddle.nn.functional.loss."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from fxtraced.nn.functional._arguments import cast, check_integers, check_rank, reduce
from fxtraced.tensor.common import torch_method


def rnnt_loss(
    input: Any, label: Any, input_lengths: Any, label_lengths: Any, blank: int = 0, fastemit_lambda: float = 0.001,
    reduction: str = "mean", name: str | None = None,
) -> Any:  # fmt: skip
    """-log of the probability of label [B, U] over all alignments with log probabilities input [B, T, U + 1, D].

    As on Paddle's CPU, input is taken as it is: no softmax. fastemit_lambda scales the gradient (not the loss) of
    emitting a label by 1 + fastemit_lambda. The number of steps is fixed in a static graph.
    """
    check_rank("rnnt_loss", "input", input, 4)
    for argument, value in (("label", label), ("input_lengths", input_lengths), ("label_lengths", label_lengths)):
        check_integers("rnnt_loss", argument, value)
    silent = torch.select(input, 3, blank)
    places = torch.unsqueeze(torch.unsqueeze(cast(label, torch.int64), 1), 3)
    emitted = torch.gather(input[:, :, :-1], 3, torch_method(places, "expand", [-1, input.shape[1], -1, -1]))
    emitted = torch.squeeze(emitted, 3)
    emitted = emitted + fastemit_lambda * (emitted - torch.detach(emitted))
    # Row by row, alpha[u] = logsumexp over k <= u of (arrived[k] + emitted[k] + ... + emitted[u - 1]).
    ahead = F.pad(torch.cumsum(emitted, 2), [1, 0])
    rows = [ahead[:, 0]]
    for step in range(1, input.shape[1]):
        arrived = rows[-1] + silent[:, step - 1]
        rows.append(ahead[:, step] + torch.logcumsumexp(arrived - ahead[:, step], 1))
    ends = torch.stack(rows, 1) + silent
    last = torch.reshape(cast(input_lengths, torch.int64) - 1, [-1, 1, 1])
    of_step = torch.gather(ends, 1, torch_method(last, "expand", [-1, 1, ends.shape[2]]))
    of_label = torch.gather(torch.squeeze(of_step, 1), 1, torch.reshape(cast(label_lengths, torch.int64), [-1, 1]))
    return reduce(-torch.squeeze(of_label, 1), reduction, "rnnt_loss")
