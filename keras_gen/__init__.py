"""Autoencoders and generative networks that behave like any Keras model: compile, fit, evaluate, save, resume, tune."""

import importlib
import sys
from pathlib import Path

from keras_gen.quiet import quiet_start
from keras_gen.version import __version__

# The command's user is to see its lines; TensorFlow writes its own as Keras imports it, some whatever its settings say
with quiet_start(active=bool(sys.argv) and Path(sys.argv[0]).stem == "keras-gen"):
    from keras_gen.models import GAN, VAE, WGAN, WGANGP, Autoencoder, ConditionalGAN, CycleGAN
    from keras_gen.saving import load_model

_SUBMODULES = (
    "callbacks",
    "data",
    "estimators",
    "latents",
    "layers",
    "losses",
    "metrics",
    "models",
    "networks",
    "plots",
    "presets",
    "training",
    "tuning",
)
__all__ = [
    "GAN",
    "VAE",
    "WGAN",
    "WGANGP",
    "Autoencoder",
    "ConditionalGAN",
    "CycleGAN",
    "__version__",
    "load_model",
    *_SUBMODULES,
]


def __getattr__(name):
    if name in _SUBMODULES:  # on first use: `import keras_gen` stays fast
        return importlib.import_module(f"keras_gen.{name}")
    raise AttributeError(f"module 'keras_gen' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
