import paddle
import tiny_downloader
from tiny_downloader.progress import Bar

from . import logger


def load_dygraph_pretrain(model, url):
    with Bar(url):
        path = tiny_downloader.get(url)
    logger.info(path)
    model.set_state_dict(paddle.load(path))
