"""A deep convolutional GAN of 32x32 colour images.

python recipes/dcgan_cifar10.py [--data FOLDER]

The Frechet distance is taken in the features of a classifier of the same images. It compares runs of this recipe, and
is not comparable to published distances, which use InceptionV3 (`--features inception_v3`, if its weights can be
downloaded).

Args:
    features: The network whose features are compared; lenet5 is trained on the data.
"""

from typing import Literal

from keras_gen import callbacks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import frechet_findings, sample_metrics


@recipe
def main(
    out, data="cifar10", epochs=40, minutes=60.0, batch_size=64, filters=32, ema=0.999,
    features: Literal["lenet5", "inception_v3"] = "lenet5", samples=10000, precision="mixed_bfloat16", seed=0,
    width=1.0,
):  # fmt: skip
    train, test = load(data, value_range=(-1, 1))
    frechet, *others = sample_metrics("frechet,precision,recall", train, test, samples, features)
    model = presets.build("dcgan", train.x.shape[1:], filters=filters, ema=ema, width=width)
    watchers = [callbacks.SampleImages(out / "epochs", max(1, epochs // 10)), callbacks.StopAfter(60 * minutes)]
    with Timer() as timer:
        history = model.fit(train.x, batch_size=batch_size, epochs=epochs, verbose=2, callbacks=watchers)
    drawn, shown = model.sample(frechet.n, seed=seed), test.x[:: max(1, len(test.x) // 64)][:64]
    figures = {
        "samples": plots.image_grid(drawn[:64], value_range=(-1, 1), title="samples"),
        "test_images": plots.image_grid(shown, value_range=(-1, 1), title="test images"),
    }
    findings = [
        *frechet_findings(frechet, drawn, train.x),
        *(Finding(metric.name, metric.score(drawn)) for metric in others),
        Finding("epochs begun", len(history.epoch)),
        Finding("minutes of training", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
