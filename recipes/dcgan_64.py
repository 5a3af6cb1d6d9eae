"""The deep convolutional GAN of 64x64 colour images, trained on a folder of images.

python recipes/dcgan_64.py --data FOLDER

The images must be square and of one size, a multiple of 64 pixels: they are averaged down to 64x64. By default all
layers have half of the published filters, for four times as many updates in the same time; the published ones are
`--filters 64`.

Args:
    side: Side of the images in pixels.
"""

from keras import ops

from keras_gen import callbacks, metrics, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.metrics import features


def averaged(x, side):
    """Square images whose pixels are averaged in blocks, down to `side` times `side`."""
    factor = x.shape[1] // side
    if x.shape[1] != x.shape[2] or factor * side != x.shape[1]:
        raise ValueError(f"Expected: square images of a multiple of {side} pixels. Received: {x.shape[1:3]}")
    return ops.convert_to_numpy(ops.average_pool(x, factor, factor)) if factor > 1 else x


@recipe
def main(
    out, data, epochs=1000, minutes=60.0, batch_size=64, filters=32, side=64, ema=0.999, precision="mixed_bfloat16",
    seed=0, width=1.0,
):  # fmt: skip
    train, test = (averaged(split.x, side) for split in load(data, value_range=(-1, 1)))
    n = min(len(train), len(test), 1000)
    (kernel,) = metrics.by_name("kernel", test, features.identity(), (-1, 1), n)
    model = presets.build("dcgan", train.shape[1:], filters=filters, ema=ema, width=width)
    watchers = [callbacks.SampleImages(out / "epochs", max(1, epochs // 20)), callbacks.StopAfter(60 * minutes)]
    with Timer() as timer:
        history = model.fit(train, batch_size=batch_size, epochs=epochs, verbose=2, callbacks=watchers)
    drawn = model.sample(max(n, 64), seed=seed)
    figures = {
        "samples": plots.image_grid(drawn[:64], value_range=(-1, 1), title="samples"),
        "test_images": plots.image_grid(test[:64], value_range=(-1, 1), title="test images"),
    }
    findings = [
        Finding(kernel.name, kernel.score(drawn[:n])),
        Finding(f"{kernel.name} of training images", kernel.real_data_baseline(train)),
        Finding("weights of the generator", model.generator.count_params()),
        Finding("epochs begun", len(history.epoch)),
        Finding("minutes of training", timer.minutes),
    ]
    return Outcome(model, findings, figures, history.history)
