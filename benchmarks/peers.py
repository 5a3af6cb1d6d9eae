"""Shared parts of the benchmarks against peers: turns by round, the clock, the peak, copies of networks in PyTorch."""

import os
import sys
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers

sys.modules.setdefault("triton", None)  # of PyTorch's CUDA build, which nothing here needs: with TensorFlow it crashes


class _Clock(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        self.seconds = time.perf_counter() - self.start


def keras_epoch(model, x, batch):
    """A function that trains two epochs and gives the seconds of the second: the first pays for starting `fit`."""
    clock = _Clock()

    def epoch():
        model.fit(*x if isinstance(x, tuple) else (x,), batch_size=batch, epochs=2, verbose=0, callbacks=[clock])
        return clock.seconds

    return epoch


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
        rounds: Number of turns of each; a turn before the first round is not counted.
    """
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
    for name, values in times.items():
        values = np.array(values)
        print(
            f"{name:{width}} {np.median(values):10.2f} {values.min():7.2f} {values.max():7.2f} "
            f"{limit / np.median(values):14.0%} {np.median(values / ours):7.2f} {values.min() / ours.min():8.2f}"
        )
