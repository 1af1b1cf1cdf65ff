"""Attention and transformers (paddle.nn.layer.transformer)."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import torch
import torch.nn.functional as TF

from fxtraced.framework.dtype import default_dtype
from fxtraced.framework.place import current_device
from fxtraced.nn import functional as F
from fxtraced.nn.functional._arguments import cast
from fxtraced.nn.layer.common import Dropout, Linear
from fxtraced.nn.layer.container import LayerList
from fxtraced.nn.layer.layers import Layer
from fxtraced.nn.layer.norm import LayerNorm
from fxtraced.tensor.tensor import as_tensor


def _convert_attention_mask(attn_mask: Any, dtype: torch.dtype) -> Any:
    """An additive mask: bool and int masks (true: attend) become 0 and -1e9."""
    if attn_mask is None or attn_mask.dtype == dtype:
        return attn_mask
    if attn_mask.dtype.is_floating_point:
        return cast(attn_mask, dtype)
    return (cast(attn_mask, dtype) - 1.0) * 1e9


def _convert_param_attr_to_list(param_attr: Any, n: int) -> list[Any]:
    """One attribute for each of n parts, from one for all or a list of n."""
    if isinstance(param_attr, list | tuple):
        if len(param_attr) != n:
            raise AssertionError(f"length of param_attr should be {n} when it is a list/tuple")
        return list(param_attr)
    return [param_attr] * n


class MultiHeadAttention(Layer):
    """Attention of several heads over query [B, Q, embed_dim], key [B, K, kdim] and value [B, K, vdim].

    attn_mask broadcasts to [B, heads, Q, K]: bool or int (nonzero: attend), or floats that are added.
    """

    Cache = namedtuple("Cache", ["k", "v"])
    StaticCache = namedtuple("StaticCache", ["k", "v"])

    def __init__(
        self, embed_dim: int, num_heads: int, dropout: float = 0.0, kdim: int | None = None, vdim: int | None = None,
        need_weights: bool = False, weight_attr: Any = None, bias_attr: Any = None,
    ):  # fmt: skip
        super().__init__(dtype=None)
        if embed_dim <= 0 or num_heads <= 0:
            raise AssertionError(
                f"Expected embed_dim and num_heads to be greater than 0, but received {embed_dim} and {num_heads}"
            )
        self.embed_dim, self.num_heads, self.dropout, self.need_weights = embed_dim, num_heads, dropout, need_weights
        self.kdim, self.vdim = kdim or embed_dim, vdim or embed_dim
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError(f"embed_dim must be divisible by num_heads, but received {embed_dim} and {num_heads}")
        self.q_proj = Linear(embed_dim, embed_dim, weight_attr, bias_attr)
        self.k_proj = Linear(self.kdim, embed_dim, weight_attr, bias_attr)
        self.v_proj = Linear(self.vdim, embed_dim, weight_attr, bias_attr)
        self.out_proj = Linear(embed_dim, embed_dim, weight_attr, bias_attr)

    def _heads(self, x: Any) -> Any:
        return torch.transpose(torch.unflatten(x, -1, [self.num_heads, self.head_dim]), 1, 2)

    def compute_kv(self, key: Any, value: Any) -> tuple[Any, Any]:
        """Keys and values as [B, heads, K, head_dim]."""
        return self._heads(self.k_proj(key)), self._heads(self.v_proj(value))

    def gen_cache(self, key: Any, value: Any = None, type: Any = Cache) -> Any:
        """A StaticCache of these keys and values, a Cache that holds them, or an empty Cache for the batch of key."""
        if type == MultiHeadAttention.StaticCache:
            return self.StaticCache(*self.compute_kv(key, value))
        if value is not None:
            return self.Cache(key, value)
        shape = [key.shape[0], self.num_heads, 0, self.head_dim]
        k, v = (as_tensor(torch.zeros(shape, dtype=key.dtype, device=key.device)) for _ in range(2))
        return self.Cache(k, v)

    def forward(self, query: Any, key: Any = None, value: Any = None, attn_mask: Any = None, cache: Any = None) -> Any:
        key = query if key is None else key
        value = query if value is None else value
        if value is not key and value.shape[1] != key.shape[1]:
            raise ValueError(
                f"MultiHeadAttention: key and value must be of one length, but key is {list(key.shape)} and value "
                f"{list(value.shape)}; without a value it is query"
            )
        q = self._heads(self.q_proj(query))
        k, v = cache if isinstance(cache, self.StaticCache) else self.compute_kv(key, value)
        if isinstance(cache, self.Cache):
            k, v = torch.cat([cache.k, k], 2), torch.cat([cache.v, v], 2)
            cache = self.Cache(k, v)
        mask = _convert_attention_mask(attn_mask, q.dtype)
        chance = self.dropout if self.training else 0.0
        weights = None
        # torch's fused attention has a wrong gradient where -1e9 masks a whole row.
        if self.need_weights or (mask is not None and q.requires_grad and torch.is_grad_enabled()):
            product = torch.matmul(q * self.head_dim**-0.5, torch.transpose(k, 2, 3))
            weights = TF.softmax(product if mask is None else product + mask, -1)
            weights = TF.dropout(weights, chance, True) if chance else weights
            out = torch.matmul(weights, v)
        else:
            out = TF.scaled_dot_product_attention(q, k, v, mask, chance)
        out = self.out_proj(torch.flatten(torch.transpose(out, 1, 2), 2))
        extra = ([weights] if self.need_weights else []) + ([cache] if cache is not None else [])
        return (out, *extra) if extra else out


class _TransformerLayer(Layer):
    """What encoder and decoder layers share: their arguments, the feed-forward part and residual connections."""

    def __init__(self, config: dict[str, Any], attentions: tuple[str, ...]):
        super().__init__(dtype=None)
        self._config = config
        d_model, nhead, inner = config["d_model"], config["nhead"], config["dim_feedforward"]
        if min(d_model, nhead, inner) <= 0:
            raise AssertionError(
                "Expected d_model, nhead and dim_feedforward to be greater than 0, "
                f"but received {d_model}, {nhead}, {inner}"
            )
        dropout = config["dropout"]
        attn_dropout = dropout if config["attn_dropout"] is None else config["attn_dropout"]
        act_dropout = dropout if config["act_dropout"] is None else config["act_dropout"]
        parts = len(attentions) + 1
        weights = _convert_param_attr_to_list(config["weight_attr"], parts)
        biases = _convert_param_attr_to_list(config["bias_attr"], parts)
        self.normalize_before = config["normalize_before"]
        for name, weight, bias in zip(attentions, weights, biases, strict=False):
            setattr(self, name, MultiHeadAttention(d_model, nhead, attn_dropout, weight_attr=weight, bias_attr=bias))
        self.linear1 = Linear(d_model, inner, weights[-1], biases[-1])
        self.dropout = Dropout(act_dropout)
        self.linear2 = Linear(inner, d_model, weights[-1], biases[-1])
        for number in range(1, parts + 1):
            setattr(self, f"norm{number}", LayerNorm(d_model))
        for number in range(1, parts + 1):
            setattr(self, f"dropout{number}", Dropout(dropout))
        if not hasattr(F, config["activation"]):
            raise ValueError(
                f"{type(self).__name__}: activation must name a function of nn.functional, "
                f"but received {config['activation']!r}"
            )
        self.activation = getattr(F, config["activation"])

    def _before(self, x: Any, number: int) -> Any:
        return getattr(self, f"norm{number}")(x) if self.normalize_before else x

    def _after(self, residual: Any, x: Any, number: int) -> Any:
        x = residual + getattr(self, f"dropout{number}")(x)
        return x if self.normalize_before else getattr(self, f"norm{number}")(x)

    def _feed_forward(self, x: Any, number: int) -> Any:
        inner = self.dropout(self.activation(self.linear1(self._before(x, number))))
        return self._after(x, self.linear2(inner), number)


class TransformerEncoderLayer(_TransformerLayer):
    """Self-attention and a feed-forward part over src [B, S, d_model]."""

    self_attn: MultiHeadAttention

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int, dropout: float = 0.1, activation: str = "relu",
        attn_dropout: float | None = None, act_dropout: float | None = None, normalize_before: bool = False,
        weight_attr: Any = None, bias_attr: Any = None,
    ):  # fmt: skip
        config = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__(config, ("self_attn",))

    def forward(self, src: Any, src_mask: Any = None, cache: Any = None) -> Any:
        mask = _convert_attention_mask(src_mask, src.dtype)
        x = self._before(src, 1)
        attended = self.self_attn(x, x, x, mask, cache)
        if cache is None:
            return self._feed_forward(self._after(src, attended, 1), 2)
        attended, cache = attended
        return self._feed_forward(self._after(src, attended, 1), 2), cache

    def gen_cache(self, src: Any) -> Any:
        """An empty cache for the batch of src."""
        return self.self_attn.gen_cache(src, type=MultiHeadAttention.Cache)


class TransformerEncoder(Layer):
    """num_layers layers like encoder_layer (the first is it), and an optional norm."""

    def __init__(self, encoder_layer: Any, num_layers: int, norm: Any = None):
        super().__init__()
        self.layers = _stack(encoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(self, src: Any, src_mask: Any = None, cache: Any = None) -> Any:
        mask = _convert_attention_mask(src_mask, src.dtype)
        caches = []
        for index, layer in enumerate(self.layers):
            if cache is None:
                src = layer(src, src_mask=mask)
            else:
                src, new_cache = layer(src, src_mask=mask, cache=cache[index])
                caches.append(new_cache)
        src = src if self.norm is None else self.norm(src)
        return src if cache is None else (src, caches)

    def gen_cache(self, src: Any) -> list[Any]:
        """Empty caches, one a layer."""
        return [layer.gen_cache(src) for layer in self.layers]


class TransformerDecoderLayer(_TransformerLayer):
    """Self-attention over tgt [B, T, d_model], attention to memory [B, S, d_model], and a feed-forward part."""

    self_attn: MultiHeadAttention
    cross_attn: MultiHeadAttention

    def __init__(
        self, d_model: int, nhead: int, dim_feedforward: int, dropout: float = 0.1, activation: str = "relu",
        attn_dropout: float | None = None, act_dropout: float | None = None, normalize_before: bool = False,
        weight_attr: Any = None, bias_attr: Any = None,
    ):  # fmt: skip
        config = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        super().__init__(config, ("self_attn", "cross_attn"))

    def forward(self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None, cache: Any = None) -> Any:
        tgt_mask = _convert_attention_mask(tgt_mask, tgt.dtype)
        memory_mask = _convert_attention_mask(memory_mask, memory.dtype)
        own, fixed = (None, None) if cache is None else cache
        x = self._before(tgt, 1)
        attended = self.self_attn(x, x, x, tgt_mask, own)
        if cache is not None:
            attended, own = attended
        tgt = self._after(tgt, attended, 1)
        attended = self.cross_attn(self._before(tgt, 2), memory, memory, memory_mask, fixed)
        if cache is not None:
            attended, fixed = attended
        out = self._feed_forward(self._after(tgt, attended, 2), 3)
        return out if cache is None else (out, (own, fixed))

    def gen_cache(self, memory: Any) -> tuple[Any, Any]:
        """(an empty cache for self-attention, the keys and values of memory)."""
        return (
            self.self_attn.gen_cache(memory, type=MultiHeadAttention.Cache),
            self.cross_attn.gen_cache(memory, memory, type=MultiHeadAttention.StaticCache),
        )


class TransformerDecoder(Layer):
    """num_layers layers like decoder_layer (the first is it), and an optional norm."""

    def __init__(self, decoder_layer: Any, num_layers: int, norm: Any = None):
        super().__init__()
        self.layers = _stack(decoder_layer, num_layers)
        self.num_layers, self.norm = num_layers, norm

    def forward(self, tgt: Any, memory: Any, tgt_mask: Any = None, memory_mask: Any = None, cache: Any = None) -> Any:
        tgt_mask = _convert_attention_mask(tgt_mask, tgt.dtype)
        memory_mask = _convert_attention_mask(memory_mask, memory.dtype)
        caches = []
        for index, layer in enumerate(self.layers):
            if cache is None:
                tgt = layer(tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask)
            else:
                tgt, new_cache = layer(tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask, cache=cache[index])
                caches.append(new_cache)
        tgt = tgt if self.norm is None else self.norm(tgt)
        return tgt if cache is None else (tgt, caches)

    def gen_cache(self, memory: Any, do_zip: bool = False) -> list[Any]:
        """Caches, one a layer; do_zip gives (all own caches, all memory caches) instead."""
        caches = [layer.gen_cache(memory) for layer in self.layers]
        return list(zip(*caches, strict=True)) if do_zip else caches


class Transformer(Layer):
    """An encoder of src [B, S, d_model] and a decoder of tgt [B, T, d_model]."""

    def __init__(
        self, d_model: int = 512, nhead: int = 8, num_encoder_layers: int = 6, num_decoder_layers: int = 6,
        dim_feedforward: int = 2048, dropout: float = 0.1, activation: str = "relu", attn_dropout: float | None = None,
        act_dropout: float | None = None, normalize_before: bool = False, weight_attr: Any = None,
        bias_attr: Any = None, custom_encoder: Any = None, custom_decoder: Any = None,
    ):  # fmt: skip
        super().__init__()
        shared = (d_model, nhead, dim_feedforward, dropout, activation, attn_dropout, act_dropout, normalize_before)
        self.d_model, self.nhead = d_model, nhead
        if custom_encoder is None:
            attributes = [_parts(attr, 2) for attr in (weight_attr, bias_attr)]
            layer: Any = TransformerEncoderLayer(*shared, *attributes)
            custom_encoder = TransformerEncoder(layer, num_encoder_layers, LayerNorm(d_model))
        self.encoder = custom_encoder
        if custom_decoder is None:
            attributes = [_parts(attr, 3) for attr in (weight_attr, bias_attr)]
            layer = TransformerDecoderLayer(*shared, *attributes)
            custom_decoder = TransformerDecoder(layer, num_decoder_layers, LayerNorm(d_model))
        self.decoder = custom_decoder

    def forward(self, src: Any, tgt: Any, src_mask: Any = None, tgt_mask: Any = None, memory_mask: Any = None) -> Any:
        memory = self.encoder(src, src_mask=_convert_attention_mask(src_mask, src.dtype))
        tgt_mask = _convert_attention_mask(tgt_mask, tgt.dtype)
        memory_mask = _convert_attention_mask(memory_mask, memory.dtype)
        return self.decoder(tgt, memory, tgt_mask=tgt_mask, memory_mask=memory_mask)

    def generate_square_subsequent_mask(self, length: int) -> Any:
        """[length, length]: -inf above the diagonal, else 0."""
        full = torch.full([length, length], float("-inf"), dtype=default_dtype(), device=current_device())
        return as_tensor(torch.triu(full, 1))


def _stack(layer: Any, count: int) -> LayerList:
    return LayerList([layer, *[type(layer)(**layer._config) for _ in range(count - 1)]])


def _parts(attr: Any, count: int) -> Any:
    """The attributes of an encoder (2 parts) or decoder (3) layer from a list of 1, 2 or 3."""
    if not isinstance(attr, list | tuple):
        return attr
    if len(attr) == 1:
        return [attr[0]] * count
    if len(attr) == 2:
        return list(attr) if count == 2 else [attr[0], attr[0], attr[1]]
    if len(attr) == 3:
        return [attr[0], attr[2]] if count == 2 else list(attr)
    raise AssertionError("length of the attribute list should be 1 or 2 or 3 when it is a list/tuple")
