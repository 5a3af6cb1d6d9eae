"""A GAN of few images, with and without augmentation of all that the discriminator sees.

Few images are soon learned by heart: the discriminator then no longer teaches the generator. Random shifts and zooms of
real and of generated images, with gradients, make that harder. The metrics compare samples with all test images.

Args:
    images: Training images, the first of the data.
    shift: Largest shift, a share of the sides.
    zoom: Largest change of scale.
"""

import keras
import numpy as np

from keras_gen import plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import sample_metrics


def augmentation(shift, zoom):
    """Shifts and zooms, with the darkest value around the images."""
    options = {"fill_mode": "constant", "fill_value": -1.0}
    shifts, zooms = keras.layers.RandomTranslation(shift, shift, **options), keras.layers.RandomZoom(zoom, **options)
    return keras.Sequential([shifts, zooms], name="augmentation")


@recipe
def main(
    data="mnist", images=1000, epochs=300, batch_size=64, filters=16, latent_dim=32, ema=0.99, shift=0.125, zoom=0.1,
    samples=5000, seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    measured = sample_metrics("frechet,precision,recall", train, test, samples)
    x, scores, drawn, history, minutes = train.x[:images], {}, {}, {}, {}
    for name, layer in (("plain", None), ("augmented", augmentation(shift, zoom))):
        keras.utils.set_random_seed(seed)
        options = {"filters": filters, "latent_dim": latent_dim, "ema": ema, "width": width}
        model = presets.build("dcgan", x.shape[1:], augmentation=layer, **options)
        with Timer() as timer:
            history[name] = model.fit(x, batch_size=batch_size, epochs=epochs, verbose=2).history
        drawn[name] = model.sample(measured[0].n, seed=seed)
        scores[name], minutes[name] = [metric.score(drawn[name]) for metric in measured], timer.minutes
    findings = []
    for number, metric in enumerate(measured):
        plain, augmented = scores["plain"][number], scores["augmented"][number]
        bound = {"at_most": plain, "reference": "without"} if number == 0 else {}
        findings += [
            Finding(f"{metric.name} with augmentation", augmented, **bound),
            Finding("the same without", plain),
            Finding("the same of training images", metric.real_data_baseline(train.x)),
        ]
    findings += [Finding(f"minutes of training, {name}", value) for name, value in minutes.items()]
    rows = np.concatenate([images[:20] for images in drawn.values()])
    figures = {
        "samples": plots.image_grid(rows, 10, (-1, 1), title="two rows without augmentation, and two with it"),
        "plain": plots.history_curves(history["plain"]),
    }
    return Outcome(model, findings, figures, history["augmented"])
