"""How the time of a training step grows with the batch, the width, the image size and the number of examples.

    pip install -e '.[benchmark]'
    python benchmarks/scaling.py [--presets vae,convolutional-vae,dcgan] [--rounds 3]

The base is a batch of 64 grey images of 32x32 pixels at full width; each row changes one of these, or the number of
examples. The settings of a row train in turns, round by round. Each line gives the median time of a step and of an
example. Exponents follow: doubling the setting multiplies the time by 2 to the power of the exponent. In brackets are
the exponents of the networks' operations. The time includes what begins an epoch.
"""

import argparse
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import peers

from keras_gen import networks, presets

STEPS = {"vae": 200, "convolutional-vae": 20, "dcgan": 10}
FEW_STEPS = 10  # of an epoch of other presets
BATCH = 64
CHANGED = {  # one thing at a time; `examples` are factors of the steps of an epoch
    "batch": (16, 32, 64, 128, 256),
    "width": (0.25, 0.5, 1.0, 2.0),
    "side": (16, 32, 64),
    "examples": (0.5, 1, 2, 4),
}


def contestant(name, batch=BATCH, width=1.0, side=32, examples=1):
    """The function that trains and gives a step's milliseconds, and the operations of one example in all networks."""
    keras.utils.set_random_seed(0)
    model = presets.build(name, (side, side, 1), width=width)
    low, high = model.value_range or (0, 1)
    steps, batch = int(examples * STEPS.get(name, FEW_STEPS)), batch * model.updates_per_step
    x = low + (high - low) * np.random.default_rng(0).random((steps * batch, side, side, 1), "float32")
    epoch = peers.keras_epoch(model, x, batch)
    parts = {id(network): network for player in model.players() for network in player.networks}.values()
    return lambda: 1e3 * epoch() / steps, sum(map(networks.operations, parts))


def exponents(values, sizes):
    """The exponent of a power law from each value to the next."""
    return np.diff(np.log(values)) / np.diff(np.log(sizes))


def row(name, what, rounds):
    sizes = CHANGED[what]
    measures, operations = zip(*(contestant(name, **{what: size}) for size in sizes), strict=True)
    for measure in measures:  # the first turn traces the step
        measure()
    times = np.median([[measure() for measure in measures] for _ in range(rounds)], axis=0)
    batches = np.array(sizes if what == "batch" else [BATCH] * len(sizes))
    formula = exponents(batches * operations, sizes)
    for size, time, each in zip(sizes, times, times / batches, strict=True):
        print(f"  {what} {size:g}: {time:.3g} ms a step, {1e3 * each:.3g} microseconds an example")
    pairs = zip(exponents(times, sizes), formula, strict=True)
    print("  exponents:", ", ".join(f"{found:.2f} ({expected:.2f})" for found, expected in pairs), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", default="vae,convolutional-vae,dcgan")
    parser.add_argument("--only", default=",".join(CHANGED))
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    for name in arguments.presets.split(","):
        for what in arguments.only.split(","):
            print(f"{name}, {what}", flush=True)
            row(name, what, arguments.rounds)


if __name__ == "__main__":
    main()
