"""Shared parts of the benchmarks against peers: turns by round, the clock, the peak, copies of networks in PyTorch."""

import os
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from keras_gen import data
from keras_gen import layers as library

sys.modules.setdefault("triton", None)  # of PyTorch's CUDA build, which nothing here needs: with TensorFlow it crashes


class _Clock(keras.callbacks.Callback):
    """The seconds of the last epoch, and those from the first beginning of `fit` to the end of its first call."""

    first_call = None

    def on_train_begin(self, logs=None):
        self.began = time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        if self.first_call is None:
            self.first_call = time.perf_counter() - self.began

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = time.perf_counter() - self.start


class KerasEpoch:
    """Trains two epochs when called and gives the seconds of the second: the first pays for starting `fit`."""

    def __init__(self, model, arrays, batch):
        self.model, self.arrays, self.batch, self.clock = model, arrays, batch, _Clock()

    def __call__(self):
        options = {"batch_size": self.batch, "epochs": 2, "verbose": 0, "callbacks": [self.clock]}
        self.model.fit(*self.arrays, **options)
        return self.clock.seconds

    def seconds_of_reading(self):
        """Those of an epoch's batches without the steps."""
        kind = data.Pipeline if self.model.data_description.paired else data.unpaired
        batches = kind(*self.arrays, batch_size=self.batch).dataset()

        def read():
            for _ in batches:
                pass

        read()
        return timed(read)()


def keras_epoch(model, x, batch):
    """The `KerasEpoch` of an array, or of a tuple of them."""
    return KerasEpoch(model, x if isinstance(x, tuple) else (x,), batch)


def timed(function):
    """A function that gives the seconds of one call of `function`."""

    def seconds():
        start = time.perf_counter()
        function()
        return time.perf_counter() - start

    return seconds


def matrix_product_peak():
    """Highest of ten rates of a float32 matrix product of side 2048, in operations a second."""
    a = tf.random.normal((2048, 2048))
    product = tf.function(lambda m: tf.reduce_sum(m @ m))
    product(a).numpy()
    seconds = timed(lambda: product(a).numpy())
    return 2 * 2048**3 / min(seconds() for _ in range(10))


def operations(network):
    """Multiplications and additions of one example: the pair (of a chain of layers, of its first)."""
    counts = []
    for layer in network.layers:
        if isinstance(layer, (layers.Dense, layers.Conv2D, layers.Conv2DTranspose)):
            shape = layer.input.shape if isinstance(layer, layers.Conv2DTranspose) else layer.output.shape
            counts.append(2 * int(np.prod(layer.kernel.shape) * np.prod(shape[1:-1])))
    return sum(counts), counts[0]


def plain(network):
    """A copy of a network with Keras's layers instead of this library's, and weights of its own."""

    def plainly(layer):
        if isinstance(layer, library.InstanceNormalization):
            return layers.GroupNormalization(groups=-1, epsilon=layer.epsilon, name=layer.name)
        kind = layers.Conv2D if isinstance(layer, library.NarrowConv2D) else type(layer)
        return kind.from_config(layer.get_config())

    return keras.models.clone_model(network, clone_function=plainly)


def torch_network(network):
    """A Keras network that is a chain of layers, as a `torch.nn.Sequential` of images with their channels first."""
    import torch  # here, because not every benchmark has a peer in PyTorch

    nn, parts = torch.nn, []
    activations = {"relu": nn.ReLU, "leaky_relu": lambda: nn.LeakyReLU(0.2), "tanh": nn.Tanh}
    for layer in network.layers:
        if isinstance(layer, layers.InputLayer):
            continue
        inputs, outputs = layer.input.shape[-1], layer.output.shape[-1]
        match layer:
            case layers.Dense():
                parts.append(nn.Linear(inputs, outputs, layer.use_bias))
            case layers.Conv2D() | layers.Conv2DTranspose():
                (kernel, _), (stride, _), padding = layer.kernel_size, layer.strides, (layer.kernel_size[0] - 1) // 2
                options = {"stride": stride, "padding": padding, "bias": layer.use_bias}
                if isinstance(layer, layers.Conv2DTranspose):
                    options["output_padding"] = stride - kernel + 2 * padding
                    parts.append(nn.ConvTranspose2d(inputs, outputs, kernel, **options))
                else:
                    parts.append(nn.Conv2d(inputs, outputs, kernel, **options))
            case layers.BatchNormalization():
                norm = nn.BatchNorm1d if len(layer.output.shape) == 2 else nn.BatchNorm2d
                parts.append(norm(outputs, momentum=1 - layer.momentum))
            case layers.Reshape() if len(layer.target_shape) == 3:
                height, width, channels = layer.target_shape
                parts.append(nn.Unflatten(1, (channels, height, width)))
            case layers.LeakyReLU():
                parts.append(nn.LeakyReLU(layer.negative_slope))
            case layers.ReLU():
                parts.append(nn.ReLU())
            case layers.Flatten():
                parts.append(nn.Flatten())
        activation = getattr(getattr(layer, "activation", None), "__name__", "linear")
        if activation != "linear":
            parts.append(activations[activation]())
    result = nn.Sequential(*parts)
    weights = sum(weight.numel() for weight in result.parameters())
    assert weights == sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)
    return result


def compare(contestants, title, steps, operations, rounds):
    """Let the contestants train in turns, and print the table of their steps.

    Args:
        contestants: Dict from a name to a function that trains and gives the seconds of one epoch. The first is what
            the others are compared with, within each round.
        title: What they train, the beginning of the first line.
        steps: Steps of an epoch.
        operations: Multiplications and additions of a step's matrix products and convolutions.
        rounds: Number of turns of each; a turn before the first round is not counted. With 0 the first alone takes
            that turn, and nothing is measured.

    Returns:
        Dict from a contestant to a dict of its median `milliseconds`, its `ratio` to the first, that of the `fastest`
        rounds and its `share` of the peak; of the first also the `first_call`, in seconds, and the share of `reading`.
    """
    if not rounds:
        next(iter(contestants.values()))()
        return {}
    for epoch in contestants.values():
        epoch()
    times, peaks = {name: [] for name in contestants}, []
    for _ in range(rounds):
        for name, epoch in contestants.items():
            times[name].append(epoch() / steps * 1e3)
        peaks.append(matrix_product_peak())
    first, width = next(iter(contestants)), max(12, *map(len, contestants))
    ours, peak = np.array(times[first]), np.median(peaks)
    limit = operations / peak * 1e3
    print(f"{title}, {rounds} rounds, {os.cpu_count()} cores")
    print(f"matrix-product peak {peak / 1e9:.0f} GFLOP/s, at which a step's products take {limit:.2f} ms")
    print(f"Times {first}: the median ratio within a round, and that of the fastest rounds")
    print(f"{'':{width}} {'median ms':>10} {'min':>7} {'max':>7} {'share of peak':>14} {'times':>7} {'fastest':>8}")
    found = {}
    for name, values in times.items():
        values = np.array(values)
        one = {
            "milliseconds": float(np.median(values)),
            "ratio": float(np.median(values / ours)),
            "fastest": float(values.min() / ours.min()),
            "share": float(limit / np.median(values)),
        }
        found[name] = one
        print(
            f"{name:{width}} {one['milliseconds']:10.2f} {values.min():7.2f} {values.max():7.2f} "
            f"{one['share']:14.0%} {one['ratio']:7.2f} {one['fastest']:8.2f}"
        )
    epoch = contestants[first]
    reading = epoch.seconds_of_reading() / steps * 1e3 / found[first]["milliseconds"]
    print(f"{first}: {epoch.clock.first_call:.1f} s to the end of the first call, {reading:.0%} of a step for reading")
    found[first] |= {"first_call": epoch.clock.first_call, "reading": reading}
    return found
