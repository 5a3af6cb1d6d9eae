"""One small network of digits, seen by every method: filters, maps, preferred images, saliencies, inversions, dreams.

Saliencies are checked, too: with the weights drawn anew, layer after layer, they must lose their rank correlation with
those of the trained network (Adebayo et al., 2018, arXiv:1810.03292).

Args:
    side: Side to which the images are enlarged, so that the pictures of small digits show more.
    steps: Steps of each optimisation of an image; for deep dreams, a fifth of them in each size.
"""

import keras
import numpy as np
from matplotlib.figure import Figure

from keras_gen import models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import load
from keras_gen.data.images import resized
from keras_gen.input_optimization import visualization as see
from keras_gen.presets.registry import scaled


@recipe
def main(data="digits", side=28, epochs=30, batch_size=50, learning_rate=2e-3, steps=100, seed=0, width=1.0):
    train, test = (part._replace(x=resized(part.x, (side, side))) for part in load(data))
    sizes = scaled("filters", (8, 16), width, 4), scaled("units", (64, 32), width, 16)
    model = models.Classifier(networks.lenet5(train.x.shape[1:], 10, *sizes, dropout=0.2), value_range=(0, 1))
    schedule = cosine_decay(learning_rate, len(train.x), epochs, batch_size)
    model.compile(keras.optimizers.AdamW(schedule, weight_decay=0.01))
    history = model.fit(train.x, train.y, batch_size=batch_size, epochs=epochs, verbose=2)

    x = test.x[[np.flatnonzero(test.y == label)[0] for label in range(10)]]  # one of each class
    following = (model.classify(x) + 1) % 10
    with Timer() as timer:
        maps = see.feature_maps(model, x)
        first, _, second, _ = maps  # the names of the convolutions, and of the poolings
        names = {first: "convolution 1", second: "convolution 2", "features": "features", "logits": "logits"}
        preferred = see.activation_maximization(model, second, steps=steps, jitter=2)
        typical = see.class_model(model, steps=steps, optimizer=keras.optimizers.Adam(0.05), jitter=2)
        inverted = {name: see.invert(model, x, layer, steps=2 * steps) for layer, name in names.items()}
        dreamt = see.deep_dream(model, x, classes=following, steps=max(1, steps // 5))
        rows = {
            "digits": x,
            "saliency": see.saliency(model, x),
            "SmoothGrad": see.saliency(model, x, samples=20),
            "grad-CAM": see.grad_cam(model, x, layer=second),
            "most typical": typical,
            "dreamt as the next": dreamt,
            **{f"found from\n{name}": found.images for name, found in inverted.items()},
        }
        check = see.randomization_check(model, test.x[:50])

    excited = np.diag(see.feature_maps(model, preferred, second)[second].mean(axis=(1, 2)))
    stronger = excited > maps[second].mean(axis=(1, 2)).max(axis=0)
    distances = [found.distances.mean() for found in inverted.values()]
    likeness = [np.corrcoef(found.images.ravel(), x.ravel())[0, 1] for found in inverted.values()]
    right = {"typical": model.classify(typical) == range(10), "dreamt": model.classify(dreamt) == following}
    findings = [
        Finding("test error, %", 100 * np.mean(model.classify(test.x) != test.y), at_most=3.0),
        *(
            Finding(f"relative distance of the codes, {layer}", distance, **({"at_most": 0.1} if first_two else {}))
            for layer, distance, first_two in zip(inverted, distances, (True, True, False, False), strict=True)
        ),
        *(
            Finding(f"correlation of digits with those found from {layer}", value, at_most=nearer)
            for layer, value, nearer in zip(inverted, likeness, (1.0, *likeness), strict=False)
        ),
        Finding("most typical images that are classified as their class", right["typical"].sum(), at_least=10),
        Finding("dreams that are classified as the next digit", right["dreamt"].sum(), at_least=8),
        Finding("preferred images that excite a channel more than any digit, %", 100 * stronger.mean(), at_least=75),
        Finding("rank correlation of saliencies with random weights", check.correlations[-1].mean(), at_most=0.5),
        Finding("minutes of all methods", timer.minutes),
    ]
    figure = Figure(figsize=(13, 0.95 * len(rows)), dpi=120, layout="constrained")
    left, right = figure.subfigures(1, 2, width_ratios=[10, 5])
    for axes, (name, images) in zip(left.subplots(len(rows), 1), rows.items(), strict=True):
        is_picture = name in ("digits", "most typical", "dreamt as the next") or "found" in name
        axes.imshow(
            plots.mosaic(images if is_picture else plots.stretched(images), columns=10), cmap="gray", vmin=0, vmax=1
        )
        axes.set(xticks=[], yticks=[])
        axes.set_ylabel(name, rotation=0, ha="right", va="center")
    *panels, curve = right.subplots(5, 1, height_ratios=[1, 1, 2, 2, 3])
    titles = {
        "filters of convolution 1": see.filters(model, first),
        "maps of a digit: convolution 1": np.moveaxis(maps[first][3], -1, 0),
        "maps of a digit: convolution 2": np.moveaxis(maps[second][3], -1, 0),
        "what the channels of convolution 2 prefer": preferred,
    }
    for axes, (title, images) in zip(panels, titles.items(), strict=True):
        axes.imshow(plots.mosaic(plots.stretched(images), columns=8), cmap="gray", vmin=0, vmax=1)
        axes.set(title=title, xticks=[], yticks=[])
    curve.plot([names.get(layer, layer) for layer in check.layers], check.correlations.mean(axis=1), "o-")
    curve.tick_params(axis="x", labelrotation=20)
    curve.set(title="saliencies, with weights drawn\nanew from the logits on", ylim=(-0.2, 1))
    curve.set(xlabel="the last layer drawn anew", ylabel="rank correlation")
    return Outcome(model, findings, {"what_a_cnn_sees": figure}, history.history)
