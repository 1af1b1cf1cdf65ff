"""Attention over [batch, length, heads, head_dim] (paddle.nn.functional.flash_attention)."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F


def scaled_dot_product_attention(
    query: Any, key: Any, value: Any, attn_mask: Any = None, dropout_p: float = 0.0, is_causal: bool = False,
    training: bool = True, name: str | None = None,
) -> Any:  # fmt: skip
    """softmax(query @ key^T / sqrt(head_dim) + attn_mask) @ value of [B, S, H, D] tensors; torch's are [B, H, S, D]."""
    # torch's kernel does not compare them: it would read beyond the shorter one.
    if value is not key and value.shape[1] != key.shape[1]:
        raise ValueError(
            f"scaled_dot_product_attention: key and value must be of one length, but are {key.shape[1]} and "
            f"{value.shape[1]} long"
        )
    query, key, value = (torch.transpose(x, 1, 2) for x in (query, key, value))
    out = F.scaled_dot_product_attention(query, key, value, attn_mask, dropout_p if training else 0.0, is_causal)
    return torch.transpose(out, 1, 2)


def flash_attention(
    query: Any, key: Any, value: Any, dropout: float = 0.0, causal: bool = False, return_softmax: bool = False, *,
    fixed_seed_offset: Any = None, rng_name: str = "", training: bool = True, name: str | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """(attention, softmax weights [B, H, S, S] or None) of [B, S, H, D] tensors."""
    if not return_softmax:
        return scaled_dot_product_attention(query, key, value, None, dropout, causal, training), None
    query, key, value = (torch.transpose(x, 1, 2) for x in (query, key, value))
    product = torch.matmul(query * query.shape[-1] ** -0.5, torch.transpose(key, 2, 3))
    if causal:
        future = torch.triu(torch.ones_like(product), 1)
        product = torch.masked_fill(product, future > 0, float("-inf"))
    weights = F.dropout(F.softmax(product, -1), dropout, training)
    return torch.transpose(torch.matmul(weights, value), 1, 2), weights
