"""Datasets of images in files that are there already; nothing is downloaded (paddle.vision.datasets)."""

from fxtraced.vision.datasets.cifar import Cifar10, Cifar100
from fxtraced.vision.datasets.folder import DatasetFolder, ImageFolder
from fxtraced.vision.datasets.mnist import MNIST, FashionMNIST

__all__ = ["MNIST", "Cifar10", "Cifar100", "DatasetFolder", "FashionMNIST", "ImageFolder"]
