"""A CycleGAN whose right answers are known: grey digits, and other digits inverted and tinted.

No digit has its counterpart in the other set, but the counterpart is known: the same digit inverted and tinted. So the
error of a translation can be measured, with and without cycle consistency.
"""

import keras
import numpy as np

from keras_gen import callbacks, models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.presets.registry import scaled

TINT = np.array([1.0, 0.6, 0.2], "float32")


def tinted(x):
    """The counterparts of images in [-1, 1]: inverted, with each channel scaled by its part of `TINT`."""
    return TINT * (1 - x) - 1


def trained(x, y, cycle_weight, epochs, batch_size, filters, learning_rate, seed):
    """A model and its history. The networks do not downsample: the images have 8x8 pixels."""
    keras.utils.set_random_seed(seed)
    generators = [
        networks.resnet_generator(x.shape[1:], filters=filters, blocks=2, downsamplings=0, name=name)
        for name in ("xy", "yx")
    ]
    discriminators = [networks.patchgan_discriminator(x.shape[1:], 2 * filters, 1, name=name) for name in ("x", "y")]
    model = models.CycleGAN(*generators, *discriminators, cycle_weight=cycle_weight)
    model.compile(keras.optimizers.Adam(learning_rate, beta_1=0.5))
    decay = callbacks.LinearDecay(learning_rate, epochs // 2, epochs - epochs // 2)
    return model, model.fit(x, y, batch_size=batch_size, epochs=epochs, callbacks=[decay], verbose=2).history


def pictured(model, x):
    """Translations from x to y and from y to x, with the right answers."""
    y = tinted(x)
    to_y = {"x": x, "to y": model.translate(x), "true": y, "and back": model.cycle(x)}
    to_x = {"y": y, "to x": model.translate(y, to="x"), "true": x, "and back": model.cycle(y, via="x")}
    return {"x-to-y": plots.image_rows(to_y, (-1, 1)), "y-to-x": plots.image_rows(to_x, (-1, 1))}


@recipe
def main(data="digits", epochs=20, batch_size=16, filters=16, learning_rate=1e-3, seeds=3, seed=0, width=1.0):
    train, test = (np.repeat(split.x, 3, axis=-1) for split in load(data, value_range=(-1, 1)))
    half = len(train) // 2
    x, y = train[:half], tinted(train[half:])
    filters = scaled("filters", filters, width)
    errors, seconds = {0.0: [], 10.0: []}, []
    for number in range(seed, seed + seeds):
        for cycle_weight, found in errors.items():
            with Timer() as timer:
                model, history = trained(x, y, cycle_weight, epochs, batch_size, filters, learning_rate, number)
            seconds.append(timer.seconds)
            to_y, to_x = model.translate(test), model.translate(tinted(test), to="x")
            found.append([np.abs(to_y - tinted(test)).mean() / 2, np.abs(to_x - test).mean() / 2])  # of a range of 1
    worst, without = np.max(errors[10.0], axis=0), np.min(errors[0.0], axis=0)
    findings = [
        Finding(f"mean absolute error of translations to y, worst of {seeds} seeds", worst[0], at_most=0.05),
        Finding(f"mean absolute error of translations to x, worst of {seeds} seeds", worst[1], at_most=0.05),
        Finding("the same to y without the cycle consistency, best seed", without[0]),
        Finding("the same to x without the cycle consistency, best seed", without[1]),
        Finding("seconds of a training", np.mean(seconds)),
    ]
    return Outcome(model, findings, pictured(model, test[:8]), history, facts={"tint": TINT.tolist()})
