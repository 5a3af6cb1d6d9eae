"""Autoencoders and generative networks that behave like any Keras model: compile, fit, evaluate, save, resume, tune.

Arguments and arrays that do not match their description in a docstring are refused with a `ValueError`.
"""

import importlib
import sys
from pathlib import Path

from keras_gen.quiet import quiet_start
from keras_gen.version import __version__

_SUBMODULES = (
    "callbacks",
    "data",
    "estimators",
    "input_optimization",
    "latents",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "plots",
    "presets",
    "runs",
    "training",
    "tuning",
)
_MODELS = (
    "GAN", "VAE", "WGAN", "WGANGP", "Autoencoder", "BiGAN", "Classifier", "ConditionalGAN", "ConditionalVAE",
    "CycleGAN", "Pix2Pix", "SemiSupervisedVAE",
)  # fmt: skip
_MODULE_OF = {"load_model": "saving", **dict.fromkeys(_MODELS, "models")}
__all__ = ["__version__", *_MODULE_OF, *_SUBMODULES]


def __getattr__(name):
    if name in _SUBMODULES:
        return importlib.import_module(f"keras_gen.{name}")
    if name in _MODULE_OF:
        return getattr(importlib.import_module(f"keras_gen.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module 'keras_gen' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)


# Keras's own loader finds classes that are registered, which importing them does. The command line needs Keras only for
# some of its commands, and imports it there
if not sys.argv or Path(sys.argv[0]).stem != "keras-gen":
    with quiet_start("1"):
        importlib.import_module("keras_gen.models")
