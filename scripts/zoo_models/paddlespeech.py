"""Models of PaddleSpeech: recognition, synthesis, vocoders, speakers, sounds, keywords.

    scripts/zoo --source PaddleSpeech --models scripts/zoo_models/paddlespeech.py ...

Needs typeguard 2, loguru and colorlog on both sides. Each function gives a model of one float32 input and its shape:
features as [batch, frames, bands] or [batch, bands, frames], noise, or numbers that token ids are made of. What takes
lengths gets those of whole inputs.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import paddle
import paddlespeech
from zoo_calling import Calling
from zoo_source import add_bare_package

BANDS, FRAMES, TOKENS, IDS = 80, 100, 20, 50

# The __init__ of these imports readers of texts and sounds, which have dictionaries and libraries of their own.
for _name in ("paddlespeech.t2s", "paddlespeech.t2s.models", "paddlespeech.t2s.modules"):
    add_bare_package(_name, Path(paddlespeech.__path__[0]).parent)


def ids(x: Any) -> Any:
    """Token ids from 1 on that numbers of any size become."""
    return paddle.cast(paddle.abs(x) * 10, "int64") % (IDS - 1) + 1


def lengths(x: Any, axis: int = 1) -> Any:
    """The whole length of each input of a batch."""
    return paddle.full([x.shape[0]], x.shape[axis], "int64")


def _with_lengths(model: Any) -> Any:
    return Calling(model, lambda model, x: model(x, lengths(x))[0])


# Recognition


def conformer_encoder():
    from paddlespeech.s2t.modules.encoder import ConformerEncoder

    return _with_lengths(ConformerEncoder(BANDS, num_blocks=4)), [1, FRAMES, BANDS]


def conformer_encoder_causal():
    from paddlespeech.s2t.modules.encoder import ConformerEncoder

    model = ConformerEncoder(BANDS, num_blocks=4, causal=True, cnn_module_norm="layer_norm", static_chunk_size=4)
    return _with_lengths(model), [1, FRAMES, BANDS]


def transformer_encoder():
    from paddlespeech.s2t.modules.encoder import TransformerEncoder

    return _with_lengths(TransformerEncoder(BANDS, num_blocks=4)), [1, FRAMES, BANDS]


def transformer_encoder_linear():
    from paddlespeech.s2t.modules.encoder import TransformerEncoder

    model = TransformerEncoder(BANDS, num_blocks=4, input_layer="linear", normalize_before=False, concat_after=True)
    return _with_lengths(model), [1, FRAMES, BANDS]


def squeezeformer_encoder():
    from paddlespeech.s2t.modules.encoder import SqueezeformerEncoder

    model = SqueezeformerEncoder(BANDS, num_blocks=6, reduce_idx=2, recover_idx=5)
    return _with_lengths(model), [1, FRAMES, BANDS]


def transformer_decoder():
    from paddlespeech.s2t.modules.decoder import TransformerDecoder

    def call(model: Any, x: Any) -> Any:
        memory = x.unsqueeze(1).expand([x.shape[0], 25, x.shape[1]])
        tokens = ids(x[:, :TOKENS])
        mask = paddle.ones([x.shape[0], 1, 25], dtype="bool")
        return model(memory, mask, tokens, lengths(tokens), paddle.empty([0]))[0]

    return Calling(TransformerDecoder(IDS, 256, num_blocks=3), call), [1, 256]


def deepspeech2():
    from paddlespeech.s2t.models.ds2.deepspeech2 import CRNNEncoder

    return _with_lengths(CRNNEncoder(161, IDS, num_rnn_layers=3, rnn_size=256)), [1, FRAMES, 161]


def deepspeech2_offline():
    from paddlespeech.s2t.models.ds2.deepspeech2 import CRNNEncoder

    model = CRNNEncoder(161, IDS, num_rnn_layers=3, rnn_size=256, rnn_direction="bidirect", num_fc_layers=0)
    return _with_lengths(model), [1, FRAMES, 161]


def deepspeech2_gru():
    from paddlespeech.s2t.models.ds2.deepspeech2 import CRNNEncoder

    def call(model: Any, x: Any) -> Any:
        return model(x, lengths(x))[:3]

    return Calling(CRNNEncoder(161, IDS, num_rnn_layers=3, rnn_size=256, use_gru=True), call), [1, FRAMES, 161]


def transformer_lm():
    from paddlespeech.s2t.models.lm.transformer import TransformerLM

    def call(model: Any, x: Any) -> Any:
        tokens = ids(x)
        return model.decoder(model.encoder(model.embed(tokens), lengths(tokens))[0])

    return Calling(TransformerLM(IDS, pos_enc="sinusoidal", layer=3), call), [1, TOKENS]


def wav2vec2():
    from paddlespeech.s2t.models.wav2vec2.modules.modeling_wav2vec2 import Wav2Vec2Model

    settings = {
        "output_attentions": False,
        "output_hidden_states": False,
        "use_return_dict": False,
        "hidden_size": 192,
        "feat_extract_norm": "group",
        "feat_extract_activation": "gelu",
        "conv_dim": [64] * 4,
        "conv_stride": [5, 2, 2, 2],
        "conv_kernel": [10, 3, 3, 2],
        "conv_bias": False,
        "num_conv_pos_embeddings": 128,
        "num_conv_pos_embedding_groups": 16,
        "num_feat_extract_layers": 4,
        "num_hidden_layers": 3,
        "intermediate_size": 384,
        "hidden_act": "gelu",
        "num_attention_heads": 4,
        "layer_norm_eps": 1e-5,
        "do_stable_layer_norm": False,
        "apply_spec_augment": False,
        "mask_time_prob": 0.0,
        "mask_feature_prob": 0.0,
        "add_adapter": False,
    }
    dropouts = "hidden_dropout attention_dropout activation_dropout feat_proj_dropout final_dropout layerdrop".split()
    config = SimpleNamespace(**settings, **dict.fromkeys(dropouts, 0.0))
    return Calling(Wav2Vec2Model(config), lambda model, x: model(x)[0]), [1, 4000]


def wavlm():
    from paddlespeech.s2t.models.wavlm.wavlm_paddle import WavLM, WavLMConfig

    model = WavLM(WavLMConfig({"encoder_layers": 3, "conv_feature_layers": "[(64, 10, 5)] + [(64, 3, 2)] * 3"}))
    return Calling(model, lambda model, x: model.extract_features(x)[0]), [1, 4000]


def hubert():
    from paddlespeech.s2t.models.hubert.modules.hubert_model import (
        HubertConfig,
        HubertModel,
        HubertPretrainingConfig,
    )

    config = HubertConfig(label_rate=50.0, encoder_layers=3, conv_feature_layers="[(64, 10, 5)] + [(64, 3, 2)] * 3")
    model = HubertModel(config, HubertPretrainingConfig(), [list(range(IDS))])
    return Calling(model, lambda model, x: model.extract_features(x)[0]), [1, 4000]


def whisper_encoder():
    from paddlespeech.s2t.models.whisper.whipser import AudioEncoder

    return AudioEncoder(BANDS, FRAMES // 2, 384, 6, 4), [1, BANDS, FRAMES]


def whisper_decoder():
    from paddlespeech.s2t.models.whisper.whipser import TextDecoder

    def call(model: Any, x: Any) -> Any:
        return model(ids(x[:, :TOKENS, 0]), x)

    return Calling(TextDecoder(IDS, 448, 384, 6, 4), call), [1, FRAMES // 2, 384]


# Vocoders


def hifigan():
    from paddlespeech.t2s.models.hifigan import HiFiGANGenerator

    return HiFiGANGenerator(), [1, BANDS, TOKENS]


def hifigan_without_weight_norm():
    from paddlespeech.t2s.models.hifigan import HiFiGANGenerator

    model = HiFiGANGenerator()
    model.remove_weight_norm()
    return model, [1, BANDS, TOKENS]


def hifigan_istft():
    from paddlespeech.t2s.models.hifigan import HiFiGANGenerator

    return HiFiGANGenerator(use_istft=True), [1, BANDS, TOKENS]


def hifigan_inference():
    from paddlespeech.t2s.models.hifigan import HiFiGANGenerator

    return Calling(HiFiGANGenerator(), lambda model, x: model.inference(x[0])), [1, TOKENS, BANDS]


def hifigan_discriminator():
    from paddlespeech.t2s.models.hifigan import HiFiGANMultiScaleMultiPeriodDiscriminator

    return HiFiGANMultiScaleMultiPeriodDiscriminator(), [1, 1, 4096]


def melgan():
    from paddlespeech.t2s.models.melgan import MelGANGenerator

    return MelGANGenerator(), [1, BANDS, TOKENS]


def melgan_discriminator():
    from paddlespeech.t2s.models.melgan import MelGANMultiScaleDiscriminator

    return MelGANMultiScaleDiscriminator(), [1, 1, 4096]


def style_melgan():
    from paddlespeech.t2s.models.melgan import StyleMelGANGenerator

    # What it would make of random numbers is made of the input.
    def call(model: Any, x: Any) -> Any:
        return model(x, paddle.concat([x, x], 1)[:, :128, :1])

    model = StyleMelGANGenerator(noise_upsample_scales=[10, 2, 2, 2], upsample_mode="nearest")
    return Calling(model, call), [1, BANDS, 80]


def parallel_wavegan():
    from paddlespeech.t2s.models.parallel_wavegan import PWGGenerator

    # What it would make of random numbers is made of the input. It uses up two frames on either side.
    def call(model: Any, x: Any) -> Any:
        noise = paddle.tile(x[:, :1, 4:], [1, 1, 300])
        return model(noise, x)

    return Calling(PWGGenerator(layers=10, stacks=2, upsample_scales=[4, 5, 3, 5]), call), [1, BANDS, 12]


def parallel_wavegan_discriminator():
    from paddlespeech.t2s.models.parallel_wavegan import PWGDiscriminator

    return PWGDiscriminator(), [1, 1, 4096]


def waveflow():
    from paddlespeech.t2s.models.waveflow import ConditionalWaveFlow

    model = ConditionalWaveFlow(
        upsample_factors=[16, 16], n_flows=4, n_layers=8, n_group=16, channels=32, n_mels=BANDS, kernel_size=[3, 3]
    )
    return Calling(model, lambda model, x: model(x.flatten(1)[:, :1600], x)), [1, BANDS, 20]


# Synthesis


def _fastspeech2(**settings: Any) -> Any:
    from paddlespeech.t2s.models.fastspeech2 import FastSpeech2

    return FastSpeech2(
        idim=IDS, odim=BANDS, adim=192, elayers=2, dlayers=2, eunits=384, dunits=384, postnet_chans=128, **settings
    )


def _variances(model: Any, x: Any) -> Any:
    """What a FastSpeech2 does up to the length regulator, whose sizes depend on what it predicts."""
    tokens = ids(x)
    hidden, _ = model.encoder(tokens, model._source_mask(lengths(tokens)))
    return hidden, model.pitch_predictor(hidden), model.energy_predictor(hidden), model.duration_predictor(hidden)


def fastspeech2_variances():
    return Calling(_fastspeech2(), _variances), [1, TOKENS]


def fastspeech2_conformer_variances():
    return Calling(_fastspeech2(encoder_type="conformer", decoder_type="conformer"), _variances), [1, TOKENS]


def fastspeech2_decoder():
    def call(model: Any, x: Any) -> Any:
        hidden, _ = model.decoder(x, None)
        before = model.feat_out(hidden).reshape((x.shape[0], -1, BANDS))
        return before + model.postnet(before.transpose((0, 2, 1))).transpose((0, 2, 1))

    return Calling(_fastspeech2(), call), [1, FRAMES, 192]


def fastspeech2_cnn_decoder():
    return Calling(_fastspeech2(decoder_type="cnndecoder"), lambda model, x: model.decoder(x, None)), [1, FRAMES, 192]


def fastspeech2():
    """The whole of it: how many frames there are depends on the durations that it predicts."""

    def call(model: Any, x: Any) -> Any:
        return model.inference(ids(x[0]))[0]

    return Calling(_fastspeech2(), call), [1, TOKENS]


def speedyspeech():
    from paddlespeech.t2s.models.speedyspeech import SpeedySpeech

    def call(model: Any, x: Any) -> Any:
        tokens = ids(x)
        hidden = model.encoder(tokens, tokens % 5, None)
        return model.duration_predictor(hidden), model.decoder(model.position_enc(hidden))

    return Calling(SpeedySpeech(IDS, tone_size=5), call), [1, TOKENS]


def transformer_tts():
    from paddlespeech.t2s.models.transformer_tts import TransformerTTS

    def call(model: Any, x: Any) -> Any:
        tokens = ids(x)
        return model.encoder(tokens, model._source_mask(lengths(tokens)))[0]

    return Calling(TransformerTTS(IDS, BANDS, elayers=3, dlayers=3), call), [1, TOKENS]


def style_encoder():
    from paddlespeech.t2s.modules.style_encoder import StyleEncoder

    return StyleEncoder(), [1, FRAMES, BANDS]


def vits_text_encoder():
    from paddlespeech.t2s.models.vits.text_encoder import TextEncoder

    def call(model: Any, x: Any) -> Any:
        tokens = ids(x)
        return model(tokens, lengths(tokens))[:3]

    return Calling(TextEncoder(IDS, blocks=3), call), [1, TOKENS]


def vits_flow():
    from paddlespeech.t2s.models.vits.residual_coupling import ResidualAffineCouplingBlock

    def call(model: Any, x: Any) -> Any:
        return model(x, paddle.ones([x.shape[0], 1, x.shape[2]]), inverse=True)

    return Calling(ResidualAffineCouplingBlock(), call), [1, 192, FRAMES]


def vits_posterior_encoder():
    from paddlespeech.t2s.models.vits.posterior_encoder import PosteriorEncoder

    def call(model: Any, x: Any) -> Any:
        return model(x, lengths(x, 2))[1:3]

    return Calling(PosteriorEncoder(layers=8), call), [1, 513, FRAMES]


def starganv2_generator():
    from paddlespeech.t2s.models.starganv2_vc.starganv2_vc import Generator

    def call(model: Any, x: Any) -> Any:
        return model(x, x[:, 0, 0, :64], F0=None)

    return Calling(Generator(48, 64, w_hpf=0, F0_channel=0), call), [1, 1, 80, 96]


def starganv2_mapping():
    from paddlespeech.t2s.models.starganv2_vc.starganv2_vc import MappingNetwork

    return Calling(MappingNetwork(16, 64, 5), lambda model, x: model(x, ids(x[:, 0]) % 5)), [1, 16]


def starganv2_style_encoder():
    from paddlespeech.t2s.models.starganv2_vc.starganv2_vc import StyleEncoder

    return Calling(StyleEncoder(48, 64, 5, 256), lambda model, x: model(x, ids(x[:, 0, 0, 0]) % 5)), [1, 1, 80, 96]


def jdc_net():
    from paddlespeech.t2s.models.starganv2_vc.JDCNet.model import JDCNet

    return JDCNet(num_class=1, seq_len=96), [1, 1, 80, 96]


# Speakers, sounds, keywords


def ecapa_tdnn():
    from paddlespeech.vector.models.ecapa_tdnn import EcapaTdnn

    return EcapaTdnn(BANDS), [1, BANDS, FRAMES]


def ecapa_tdnn_with_lengths():
    from paddlespeech.vector.models.ecapa_tdnn import EcapaTdnn

    def call(model: Any, x: Any) -> Any:
        return model(x, paddle.ones([x.shape[0]]) * 0.5)

    return Calling(EcapaTdnn(BANDS), call), [1, BANDS, FRAMES]


def lstm_speaker_encoder():
    from paddlespeech.vector.models.lstm_speaker_encoder import LSTMSpeakerEncoder

    return Calling(LSTMSpeakerEncoder(40, 3, 256, 256), lambda model, x: model.embed_sequences(x)), [1, FRAMES, 40]


def panns_cnn6():
    from paddlespeech.cls.models.panns.panns import CNN6

    return CNN6(extract_embedding=False), [1, 1, FRAMES, 64]


def panns_cnn10():
    from paddlespeech.cls.models.panns.panns import CNN10

    return CNN10(extract_embedding=False), [1, 1, FRAMES, 64]


def panns_cnn14():
    from paddlespeech.cls.models.panns.panns import CNN14

    return CNN14(extract_embedding=False), [1, 1, FRAMES, 64]


def mdtc():
    from paddlespeech.kws.models.mdtc import MDTC

    return Calling(MDTC(3, 4, BANDS, 32, 5), lambda model, x: model(x)[0]), [1, FRAMES, BANDS]


def mdtc_not_causal():
    from paddlespeech.kws.models.mdtc import MDTC

    return Calling(MDTC(3, 4, BANDS, 32, 5, causal=False), lambda model, x: model(x)[0]), [1, FRAMES, BANDS]
