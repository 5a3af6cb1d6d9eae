"""The motion between two images: FlowNetSimple in two stages, trained on photographs that smooth random fields move.

python recipes/optical_flow.py [--data FOLDER --test-data FOLDER]

The network never sees the test photographs. It is measured by the mean end-point error in pixels, against no motion at
all and against two classical methods of scikit-image with their own settings, TV-L1 and iterative Lucas-Kanade.

Args:
    data: Training photographs: a folder of images, or a tensorflow-datasets set and its split.
    test_data: Test photographs, in the same forms.
    size: Side in pixels of the views, divisible by 2^downsamplings; photographs are resized to twice as much.
    max_displacement: Bound of the displacement along x and along y, in pixels.
    control_points: Control points of the smooth field along each side.
    downsamplings: Halvings of a stage of the network, from 3 to 6.
    stages: Networks one after the other, of which each corrects the flow of those before; 1 is FlowNetSimple itself.
    shown: Test pairs in the figure.
"""

import keras
import numpy as np

from keras_gen import callbacks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import moving_pairs
from keras_gen.layers import Warp2D
from keras_gen.losses import end_point_error
from keras_gen.networks import flownet_simple


def classical_flows(method, first, second):
    """The flows that a function of scikit-image finds, x first: from grey images in [0, 1]."""
    pairs = zip(*(images.mean(axis=-1) / 2 + 0.5 for images in (first, second)), strict=True)
    return np.stack([method(*pair) for pair in pairs])[:, ::-1].transpose(0, 2, 3, 1)  # (n, height, width, 2)


@recipe
def main(
    out, data="cycle_gan/monet2photo:trainB", test_data="cycle_gan/monet2photo:testB", size=64, max_displacement=8.0,
    control_points=4, epochs=180, minutes=60.0, batch_size=32, filters=16, downsamplings=5, stages=2,
    learning_rate=1e-3, shown=6, seed=0, width=1.0,
):  # fmt: skip
    from skimage.registration import optical_flow_ilk, optical_flow_tvl1

    motion = {"size": size, "max_displacement": max_displacement, "control_points": control_points}
    pairs = moving_pairs(data, batch_size=batch_size, seed=seed, **motion)
    tests = moving_pairs(test_data, batch_size=batch_size, channels=pairs.shapes[0][-1], **motion)
    network = flownet_simple(pairs.shapes[0], max(round(filters * width), 1), downsamplings, stages)
    optimizer = keras.optimizers.Adam(cosine_decay(learning_rate, pairs.size, epochs, batch_size))
    network.compile(optimizer, loss=end_point_error, jit_compile=False)
    watchers = [
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: pairs.epoch.assign(epoch)),
        callbacks.StopAfter(60 * minutes),
    ]
    with Timer() as timer:
        fitted = network.fit(pairs.dataset(), epochs=epochs, shuffle=False, callbacks=watchers, verbose=2)
    history = fitted.history

    batches = [(*images, flow) for images, flow in tests.dataset(training=False).as_numpy_iterator()]
    first, second, true = (np.concatenate(part) for part in zip(*batches, strict=True))
    found = {"no motion": np.zeros_like(true), "FlowNetSimple": network.predict([first, second], verbose=0)}
    for name, method in (("TV-L1", optical_flow_tvl1), ("Lucas-Kanade", optical_flow_ilk)):
        found[name] = classical_flows(method, first, second)
    errors = {name: float(np.mean(end_point_error(true, flow))) for name, flow in found.items()}
    bounds = {"FlowNetSimple": {"at_most": errors["no motion"] / 5, "reference": "a fifth of that of no motion"}}
    differences = {
        name: float(np.abs(Warp2D()([second, flow]) - first).mean()) / 2
        for name, flow in {"true flow": true, **found}.items()
    }
    findings = [
        *(Finding(f"end-point error, pixels: {name}", error, **bounds.get(name, {})) for name, error in errors.items()),
        *(
            Finding(f"difference of the warped second image, of a range of 1: {name}", value)
            for name, value in differences.items()
        ),
        Finding("test pairs", len(true)),
        Finding("epochs begun", len(history["loss"])),
        Finding("minutes of training", timer.minutes),
    ]
    del found["no motion"]
    rows = {"first": first, "second": second, "true flow": true, **found}
    rows["second, warped"] = np.asarray(Warp2D()([second, found["FlowNetSimple"]]))
    rows = {name: images[:shown] for name, images in rows.items()}
    figure = plots.flows(rows, value_range=(-1, 1), longest=np.linalg.norm(rows["true flow"], axis=-1).max())
    return Outcome(network, findings, {"flows": figure}, history, facts={"steps_per_epoch": pairs.batches()})
