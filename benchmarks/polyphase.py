"""Milliseconds of the polyphase transposed convolution and of Keras's own, forward and with gradients, in one run.

    python benchmarks/polyphase.py
    python benchmarks/polyphase.py --kernels 3 4 5 --rounds 15

Stride 2 and padding "same", as in a generator's middle layer. Both layers have the same weights and take turns within a
round, so a drift in the machine's speed affects both alike; ratios are taken within a round. Gradients are those with
respect to the input and the weights, for a random upstream gradient.
"""

import argparse
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tensorflow as tf

from keras_gen import backend, layers


def calls(layer, x, upstream, jit_compile):
    """Compiled functions of no arguments: the layer's values, and its gradients too."""

    def gradients(x, upstream):
        def loss():
            return keras.ops.sum(layer(x) * upstream), None

        return backend.value_and_grad(loss, [x, *layer.trainable_variables])[1]

    forward, both = (backend.compiled(function, jit_compile) for function in (layer, gradients))
    return {"forward": lambda: forward(x), "forward and gradients": lambda: both(x, upstream)}


def milliseconds(call):
    start = time.perf_counter()
    tf.nest.map_structure(lambda tensor: tensor.numpy(), call())
    return 1e3 * (time.perf_counter() - start)


def compare(kernel_size, precision, arguments):
    options = {"strides": 2, "padding": "same", "dtype": precision}
    pair = [
        kind(arguments.filters, kernel_size, **options)
        for kind in (layers.PolyphaseConv2DTranspose, keras.layers.Conv2DTranspose)
    ]
    rng, side = np.random.default_rng(0), arguments.side
    dtype = pair[0].compute_dtype
    x, upstream = (
        keras.ops.convert_to_tensor(rng.standard_normal((arguments.batch, *shape)), dtype)
        for shape in ((side, side, arguments.channels), (2 * side, 2 * side, arguments.filters))
    )
    for layer in pair:
        layer.build(x.shape)
    pair[0].set_weights(pair[1].get_weights())
    contestants = [calls(layer, x, upstream, arguments.jit_compile) for layer in pair]
    for what in contestants[0]:
        for one in contestants:
            milliseconds(one[what])
        times = np.array([[milliseconds(one[what]) for one in contestants] for _ in range(arguments.rounds)])
        (ours, keras_), ratio = np.median(times, axis=0), np.median(times[:, 1] / times[:, 0])
        fastest = np.divide(*times.min(axis=0)[::-1])
        print(f"{kernel_size:6} {precision:15} {what:22} {ours:10.2f} {keras_:10.2f} {ratio:7.2f} {fastest:8.2f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernels", type=int, nargs="+", default=[4, 5])
    parser.add_argument("--precisions", nargs="+", default=["float32", "mixed_bfloat16"], help="Keras's dtype policies")
    parser.add_argument("--channels", type=int, default=128)
    parser.add_argument("--filters", type=int, default=64)
    parser.add_argument("--side", type=int, default=14, help="pixels of the input; the output has twice as many")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--jit-compile", action="store_true", help="with XLA")
    arguments = parser.parse_args()
    sizes = f"{arguments.channels} -> {arguments.filters} channels, {arguments.side} -> {2 * arguments.side} pixels"
    xla = "with XLA, " if arguments.jit_compile else ""
    cores = len(os.sched_getaffinity(0))
    print(f"{sizes}, batch {arguments.batch}, {arguments.rounds} rounds, {xla}on {cores} of {os.cpu_count()} cores")
    print("Median milliseconds; ratio of Keras's to the polyphase's: median within a round, and of the fastest rounds")
    print(f"{'kernel':6} {'precision':15} {'':22} {'polyphase':>10} {'Keras':>10} {'ratio':>7} {'fastest':>8}")
    for precision in arguments.precisions:
        for kernel_size in arguments.kernels:
            compare(kernel_size, precision, arguments)


if __name__ == "__main__":
    main()
