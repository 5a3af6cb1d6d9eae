"""Photographs enlarged four times: SRResNet and SRGAN against nearest neighbours and bicubic interpolation.

python recipes/super_resolution.py [--data FOLDER --test-data FOLDER] [--features imagenet]

SRResNet is built with `direct` and `skip`, which learn in a fraction of the time. Needs scikit-image, the extra
`recipes`, for the similarity of structures (SSIM).

Args:
    data: Training images: a folder, or a tensorflow-datasets set and its split.
    test_data: Test images, in the same forms.
    size: Side in pixels that images are resized to, divisible by the scale.
    scale: Factor of the sides, a power of two.
    crop: Side of the random crops of training images, divisible by the scale.
    blocks: Residual blocks of the generator.
    gan_epochs: Epochs in which SRGAN goes on from SRResNet.
    features: Weights of the VGG-16 whose features SRGAN compares: "imagenet", or an .npz file; empty: it compares
        pixels.
    reconstruction_weight: Weight of SRGAN's reconstruction; the features' own scale when they are compared.
"""

import keras
import numpy as np
from keras import ops
from skimage.metrics import structural_similarity

from keras_gen import models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import degraded
from keras_gen.presets.registry import scaled


def similarity(images, references):
    """The mean PSNR in decibels, and the mean SSIM, of images `(n, height, width, channels)` in [-1, 1]."""
    images, references = ((1 + np.clip(one, -1, 1)) / 2 for one in (images, references))
    errors = np.mean((images - references) ** 2, axis=(1, 2, 3))
    options = {"channel_axis": -1, "data_range": 1, "gaussian_weights": True, "use_sample_covariance": False}
    ssim = [structural_similarity(*pair, **options) for pair in zip(images, references, strict=True)]
    return float(np.mean(-10 * np.log10(np.maximum(errors, 1e-10)))), float(np.mean(ssim))


def gradient_energy(images):
    """The mean squared difference between neighbouring pixels: sharper images have more."""
    return float(sum(np.mean(np.diff(images, axis=axis) ** 2) for axis in (1, 2)))


def compared(features, shape):
    """What SRGAN compares: the second layers of VGG-16's first two blocks, or pixels."""
    if not features:
        return "squared_error"
    vgg, images = networks.vgg_convolutions(weights=features), keras.Input(shape)
    part = keras.Model(vgg.inputs, [vgg.get_layer(f"block{block}_conv2").output for block in (1, 2)])
    maps = part(keras.layers.Rescaling(0.5, 0.5)(images))
    return keras.Model(images, [keras.layers.Rescaling(1 / 100)(one) for one in maps], name="features")


@recipe
def main(
    out, data="cycle_gan/monet2photo:trainB", test_data="cycle_gan/monet2photo:testB", size=128, scale=4, crop=64,
    epochs=300, gan_epochs=20, batch_size=16, filters=48, blocks=8, learning_rate=1e-3, features="imagenet",
    reconstruction_weight=100.0, seed=0, width=1.0,
):  # fmt: skip
    pairs = degraded(data, scale, size, crop, batch_size, seed=seed)
    tests = degraded(test_data, scale, size)
    small, images = (source.rows(np.arange(source.size)).numpy() for source in tests.sources)
    channels, filters = images.shape[-1], scaled("filters", filters, width)
    options = {"normalization": None, "output_activation": "hard_tanh", "direct": True, "skip": True}
    generator = networks.srresnet((None, None, channels), scale, filters, blocks, **options)
    model = models.Pix2Pix(generator, None, reconstruction="squared_error")
    model.compile(keras.optimizers.Adam(cosine_decay(learning_rate, pairs.size, epochs, batch_size)))
    with Timer() as timer:
        history = model.fit(pairs, epochs=epochs, verbose=2)
    model.save(out / "srresnet.keras")
    enlarged = {
        "nearest": np.repeat(np.repeat(small, scale, axis=1), scale, axis=2),
        "bicubic": ops.convert_to_numpy(ops.image.resize(small, images.shape[1:3], "bicubic")),
        "SRResNet": model.translate(small),
    }
    discriminator = networks.patchgan_discriminator((crop, crop, channels), filters)
    reconstruction = compared(features, (None, None, channels))
    options = {"reconstruction_weight": reconstruction_weight, "conditional": False}
    gan = models.Pix2Pix(generator, discriminator, reconstruction=reconstruction, **options)
    gan.compile(keras.optimizers.Adam(1e-4))
    with Timer() as gan_timer:
        gan.fit(pairs, epochs=gan_epochs, verbose=2)
    enlarged |= {"SRGAN": gan.translate(small), "original": images}

    findings = []
    measured = {name: similarity(found, images) for name, found in enlarged.items()}
    for name, (psnr, ssim) in measured.items():
        bound = {"at_least": measured["bicubic"][0] + 1, "reference": "bicubic + 1 dB"} if name == "SRResNet" else {}
        findings += [Finding(f"PSNR, dB, {name}", psnr, **bound), Finding(f"SSIM, {name}", ssim)]
    energies = {name: gradient_energy(found) for name, found in enlarged.items()}
    for name, energy in energies.items():
        bound = {"at_least": energies["SRResNet"], "reference": "SRResNet's"} if name == "SRGAN" else {}
        findings.append(Finding(f"gradient energy, {name}", energy, **bound))
    for name, one in (("SRResNet", timer), ("SRGAN, after it", gan_timer)):
        findings.append(Finding(f"minutes of training, {name}", one.minutes))
    figure = plots.image_rows({name: found[:6] for name, found in enlarged.items()}, (-1, 1))
    return Outcome(gan, findings, {"enlarged": figure}, history.history)
