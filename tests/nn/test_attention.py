"""Attention that real Paddle does not run on a CPU (causal, masked), and caches of transformers."""

from __future__ import annotations

import torch

from fxtraced import nn


def plain_attention(q, k, v, mask):
    q, k, v = (x.transpose(1, 2) for x in (q, k, v))
    weights = torch.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5 + mask, -1)
    return (weights @ v).transpose(1, 2)


def test_causal_and_masked_attention():
    q, k, v = (torch.randn(2, 5, 3, 4) for _ in range(3))
    future = torch.full((5, 5), float("-inf")).triu(1)
    mask = torch.randn(2, 1, 5, 5)
    attention = nn.functional.scaled_dot_product_attention
    torch.testing.assert_close(attention(q, k, v, is_causal=True), plain_attention(q, k, v, future))
    torch.testing.assert_close(attention(q, k, v, attn_mask=mask), plain_attention(q, k, v, mask))
    out, weights = nn.functional.flash_attention.flash_attention(q, k, v, causal=True, return_softmax=True)
    torch.testing.assert_close(out, plain_attention(q, k, v, future))
    assert float(weights.triu(1).abs().sum()) == 0.0


def test_decoding_step_by_step_with_a_cache_gives_the_whole():
    decoder = nn.TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 16), 2)
    decoder.eval()
    target, memory = torch.randn(2, 4, 8), torch.randn(2, 3, 8)
    future = torch.full((4, 4), float("-inf")).triu(1)
    with torch.no_grad():
        whole = decoder(target, memory, tgt_mask=future)
        cache, steps = decoder.gen_cache(memory), []
        for step in range(4):
            out, cache = decoder(target[:, step : step + 1], memory, cache=cache)
            steps.append(out)
    torch.testing.assert_close(torch.cat(steps, 1), whole)


def test_bool_and_int_masks_keep_what_is_true():
    attention = nn.MultiHeadAttention(8, 2)
    x = torch.randn(2, 5, 8)
    keep = torch.tensor([True, True, True, False, False])
    with torch.no_grad():
        expected = attention(x, x[:, :3], x[:, :3])
        torch.testing.assert_close(attention(x, x, x, keep.reshape(1, 1, 1, 5)), expected)
        torch.testing.assert_close(attention(x, x, x, keep.reshape(1, 1, 1, 5).long()), expected)
