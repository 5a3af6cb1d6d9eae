"""Memory and time of a texture of a size, and the gradients of tiles against those of the whole picture.

    python benchmarks/textures.py --side 512 --tile 512
    python benchmarks/textures.py --side 1024
    python benchmarks/textures.py --gradients

The network is VGG-16 up to its fourth block, with --weights from a file of its convolutions, else with random ones: the
time and the memory do not depend on them. The picture is 128x128 pixels of scikit-learn's flower.jpg. The peak is that
of the process, so each size needs a process of its own.
"""

import argparse
import os
import resource
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from keras import ops
from sklearn.datasets import load_sample_image

from keras_gen import backend, networks
from keras_gen.input_optimization import texture_synthesis
from keras_gen.input_optimization.layer_maps import LayerMaps, style_distance, style_targets
from keras_gen.input_optimization.style_networks import TEXTURE
from keras_gen.input_optimization.subjects import subject
from keras_gen.input_optimization.tiles import sums_over_tiles
from keras_gen.losses import gram_matrix

SIDES, TILE, MARGINS = (104, 88), 48, (8, 16, 24, 32)


def peak():
    """Megabytes of this process."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def synthesis(network, picture, side, tile, optimizer, steps):
    """Print the peak of memory, and the time of a step as the difference of two runs."""
    before, seconds = peak(), []
    for number in (1, 1 + steps):
        begin = time.perf_counter(), time.process_time()
        made = texture_synthesis(
            picture, side, network, steps=number, tile=tile, optimizer=optimizer, value_range=(0, 1)
        )
        seconds.append((time.perf_counter() - begin[0], time.process_time() - begin[1]))
    wall, processor = np.subtract(*reversed(seconds)) / steps
    loss = made.history["objective"][:, 0]
    print(f"{side}x{side}, tiles of at most {tile}, {optimizer}: peak {peak():.0f} MB ({before:.0f} MB before)")
    print(f"a step: {wall:.2f} s, {processor:.2f} s of processors; loss {loss[0]:.4f} -> {loss[-1]:.4f}")


def gradients(network, picture):
    """Print the relative difference of the gradient by tiles from that of the whole, for noise."""
    maps = LayerMaps(subject(network, (0, 1)), TEXTURE)
    targets = style_targets(maps, picture, max(SIDES), None, len(TEXTURE))
    noise = ops.convert_to_tensor(np.random.default_rng(0).random((1, *SIDES, 3)), "float32")
    for margin in MARGINS:
        found = []
        for tile in (max(SIDES), TILE):
            places = maps.tiling(SIDES, tile, margin)

            def loss(images, places=places):
                def grams(window, index):
                    return [gram_matrix(one) for one in maps.own(window, index, places)]

                positions = [places.positions(field) for field in maps.fields]
                return style_distance(sums_over_tiles(grams, images, places), targets, positions)

            found.append(
                np.asarray(backend.compiled(lambda images, loss=loss: backend.input_gradient(loss, images))(noise))
            )
        difference = np.linalg.norm(found[0] - found[1]) / np.linalg.norm(found[0])
        print(f"{SIDES[0]}x{SIDES[1]}, tiles of at most {TILE}, margin {margin}: {difference:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--tile", type=int, default=448)
    parser.add_argument("--optimizer", choices=["adam", "lbfgs"], default="adam")
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--gradients", action="store_true")
    parser.add_argument("--weights")
    arguments = parser.parse_args()
    network = networks.vgg_convolutions(16, arguments.weights)
    picture = load_sample_image("flower.jpg")[None, 156:284, 241:369] / np.float32(255)
    if arguments.gradients:
        gradients(network, picture)
    else:
        synthesis(network, picture, arguments.side, arguments.tile, arguments.optimizer, arguments.steps)


if __name__ == "__main__":
    main()
