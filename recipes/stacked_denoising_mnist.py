"""A stacked denoising autoencoder, [784]-[1000]-[400]-[20]-[400]-[1000]-[784], tied, with and without pretraining.

Args:
    corruption: Rate of the masking noise.
"""

import keras

from keras_gen import callbacks, plots, presets
from keras_gen.cli.recipe import Finding, Outcome, Timer, recipe
from keras_gen.data import load
from keras_gen.runs.baselines import squared_error


@recipe
def main(
    data="mnist", epochs=50, pretrain_epochs=50, batch_size=500, corruption=0.2, learning_rate=1e-3,
    precision="mixed_bfloat16", seed=0, width=1.0,
):  # fmt: skip
    train, test = load(data)
    shared = {"learning_rate": learning_rate, "corruption": corruption}
    pretraining = callbacks.GreedyPretraining(train.x, pretrain_epochs, batch_size, verbose=2, **shared)
    found, minutes = {}, {}
    for name, first in {"without pretraining": [], "with pretraining": [pretraining]}.items():
        keras.utils.set_random_seed(seed)
        model = presets.build("stacked", train.x.shape[1:], activation="sigmoid", width=width, **shared)
        options = {"validation_data": test.x, "callbacks": first, "verbose": 2}
        with Timer() as timer:
            history = model.fit(train.x, batch_size=batch_size, epochs=epochs, **options)
        found[name], minutes[name] = model.reconstruct(test.x), timer.minutes

    rows = {"input": test.x[:4], **{name: images[:4] for name, images in found.items()}}
    layers = {f"layer {number}": losses["loss"] for number, losses in enumerate(pretraining.histories, start=1)}
    figures = {
        "reconstructions": plots.image_rows(rows),
        "pretraining": plots.history_curves(layers, title="pretraining"),
    }
    findings = [
        *(Finding(f"test error {name}", squared_error(test.x, images)) for name, images in found.items()),
        Finding("minutes with pretraining", minutes["with pretraining"], at_most=5),
        Finding("minutes without pretraining", minutes["without pretraining"]),
    ]
    facts = {"error": "squared, summed over pixels, mean over test images; pixels in [0, 1]"}
    return Outcome(model, findings, figures, history.history, facts=facts)
