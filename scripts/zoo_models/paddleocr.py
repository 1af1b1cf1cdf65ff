"""Models of PaddleOCR, built from the configurations in its repository: detection, recognition, tables, whole pages.

    scripts/zoo --source PaddleOCR --models scripts/zoo_models/paddleocr.py ...

Needs PyYAML on both sides. Each function gives a model and the shape of its image.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

CLASSES = 97


def _root() -> Path:
    """The folder of the checkout."""
    import ppocr

    return Path(next(iter(ppocr.__path__))).parent


def _model(file: str, shape: list[int], classes: int = CLASSES, **head: Any) -> tuple[Any, list[int]]:
    """What a configuration describes. The trainer derives a head's number of classes from its dictionary."""
    import yaml
    from ppocr.modeling.architectures import build_model

    architecture = yaml.safe_load((_root() / "configs" / file).read_text())["Architecture"]
    architecture["Backbone"].pop("pretrained", None)
    if architecture["model_type"] == "rec":
        architecture["Head"].setdefault("out_channels", classes)
    if architecture["model_type"] == "table":
        architecture["Head"].setdefault("out_channels", 50)
    if architecture["Head"]["name"] == "MultiHead":
        of_decoders = {"CTCLabelDecode": classes, "SARLabelDecode": classes + 2, "NRTRLabelDecode": classes + 3}
        architecture["Head"]["out_channels_list"] = of_decoders
    architecture["Head"].update(head)
    return build_model(architecture), [1, *shape]


def PP_OCRv3_mobile_det():
    return _model("det/PP-OCRv3/PP-OCRv3_mobile_det.yml", [3, 320, 320])


def PP_OCRv4_mobile_det():
    return _model("det/PP-OCRv4/PP-OCRv4_mobile_det.yml", [3, 320, 320])


def PP_OCRv5_server_det():
    return _model("det/PP-OCRv5/PP-OCRv5_server_det.yml", [3, 224, 224])


def det_mv3_db():
    return _model("det/det_mv3_db.yml", [3, 320, 320])


def det_r50_db_plus_plus():
    return _model("det/det_r50_db++_icdar15.yml", [3, 160, 160])


def det_mv3_east():
    return _model("det/det_mv3_east.yml", [3, 256, 256])


def det_mv3_pse():
    return _model("det/det_mv3_pse.yml", [3, 256, 256])


def det_r18_ct():
    return _model("det/det_r18_vd_ct.yml", [3, 256, 256])


def det_r50_fce():
    return _model("det/det_r50_vd_dcn_fce_ctw.yml", [3, 160, 160])


def det_r50_sast():
    return _model("det/det_r50_vd_sast_icdar15.yml", [3, 256, 256])


def det_repsvtr():
    return _model("det/det_repsvtr_db.yml", [3, 256, 256])


def e2e_r50_pg():
    return _model(
        "e2e/e2e_r50_vd_pg.yml", [3, 256, 256], character_dict_path=str(_root() / "ppocr/utils/ic15_dict.txt")
    )


def cls_mv3():
    return _model("cls/cls_mv3.yml", [3, 48, 192])


def PP_OCRv3_mobile_rec():
    return _model("rec/PP-OCRv3/PP-OCRv3_mobile_rec.yml", [3, 48, 320])


def PP_OCRv4_mobile_rec():
    return _model("rec/PP-OCRv4/PP-OCRv4_mobile_rec.yml", [3, 48, 320])


def PP_OCRv5_server_rec():
    return _model("rec/PP-OCRv5/PP-OCRv5_server_rec.yml", [3, 48, 320])


def rec_svtr_large():
    return _model("rec/PP-OCRv4/ch_PP-OCRv4_rec_svtr_large.yml", [3, 48, 320])


def rec_repsvtr():
    return _model("rec/SVTRv2/ch_RepSVTR_rec.yml", [3, 48, 320])


def rec_svtrv2():
    return _model("rec/SVTRv2/ch_SVTRv2_rec.yml", [3, 48, 320])


def rec_crnn_r34():
    return _model("rec/rec_r34_vd_none_bilstm_ctc.yml", [3, 32, 100])


def rec_crnn_mv3():
    return _model("rec/rec_mv3_none_bilstm_ctc.yml", [3, 32, 100])


def rec_rosetta_mv3():
    return _model("rec/rec_mv3_none_none_ctc.yml", [3, 32, 100])


def rec_starnet_mv3():
    return _model("rec/rec_mv3_tps_bilstm_ctc.yml", [3, 32, 100])


def rec_rare_r34():
    return _model("rec/rec_r34_vd_tps_bilstm_att.yml", [3, 32, 100])


def rec_seed():
    return _model("rec/rec_resnet_stn_bilstm_att.yml", [3, 64, 256], max_len_labels=20)


def rec_svtr():
    return _model("rec/rec_svtrnet.yml", [3, 64, 256])


def rec_vitstr():
    return _model("rec/rec_vitstr_none_ce.yml", [1, 224, 224])


def rec_nrtr():
    return _model("rec/rec_mtb_nrtr.yml", [1, 32, 100])


def rec_sar():
    return _model("rec/rec_r31_sar.yml", [3, 48, 160])


def rec_satrn():
    return _model("rec/rec_satrn.yml", [3, 32, 100])


def rec_abinet():
    return _model("rec/rec_r45_abinet.yml", [3, 32, 128])


def rec_visionlan():
    return _model("rec/rec_r45_visionlan.yml", [3, 64, 256])


def rec_pren():
    return _model("rec/rec_efficientb3_fpn_pren.yml", [3, 64, 256])


def rec_rfl_visual():
    return _model("rec/rec_resnet_rfl_visual.yml", [1, 32, 100])


def rec_rfl():
    return _model("rec/rec_resnet_rfl_att.yml", [1, 32, 100])


def rec_cppd():
    return _model("rec/rec_svtrnet_cppd_base_en.yml", [3, 32, 100])


def rec_parseq():
    return _model("rec/rec_vit_parseq.yml", [3, 32, 128])


def table_mv3():
    return _model("table/table_mv3.yml", [3, 488, 488], max_text_length=20)


def SLANet():
    return _model("table/SLANet.yml", [3, 224, 224], max_text_length=20)


def table_master():
    return _model("table/table_master.yml", [3, 96, 96], max_text_length=8)
