"""One table of the training steps of all families: this library, plain Keras, and PyTorch or Pythae where they have it.

    pip install -e '.[benchmark]'
    python benchmarks/run.py [--rounds 5] [--only vae,gan]

Each row is one of the benchmarks against peers, in a new process, with fewer steps; the columns are this library's
milliseconds per step, how many times as long the peers take (medians of ratios within a round, and in brackets those of
the fastest rounds), the share of the matrix-product peak, seconds from the beginning of `fit` to the end of its first
call, the share of a step that reading the arrays would take alone, and the largest resident memory of a process that
trains this library's model alone.
"""

import argparse
import importlib
import multiprocessing
import os
import resource

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROWS = {  # a name: a benchmark and its arguments
    "VAE, dense": ("vae", "--images", "20000"),
    "VAE, convolutional": ("vae", "--network", "conv", "--images", "3200"),
    "DCGAN": ("gan", "--images", "1280"),
    "WGAN-GP, dense": ("gan", "--network", "dense-wgan-gp"),
    "CycleGAN": ("cyclegan", "--images", "3"),
    "pix2pix": ("families", "--family", "pix2pix"),
    "BiGAN": ("families", "--family", "bigan"),
    "conditional VAE": ("families", "--family", "conditional-vae"),
    "semi-supervised VAE": ("families", "--family", "semi-supervised-vae"),
    "classifier, LeNet-5": ("classifier", "--images", "6400"),
    "classifier, convolutional": ("classifier", "--network", "conv", "--images", "3200"),
}


def row(words):
    """The measurements of a benchmark, and the megabytes that this process needed at most."""
    benchmark, *arguments = words
    found = importlib.import_module(benchmark).main(arguments)
    return found, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def in_new_process(words):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(row, (words,))


def line(name, found, megabytes):
    """A row of the table, in Markdown."""
    (_, ours), *peers = found.items()
    against = ", ".join(f"{peer} {one['ratio']:.2f} ({one['fastest']:.2f})" for peer, one in peers)
    return (
        f"| {name} | {ours['milliseconds']:.3g} | {against} | {ours['share']:.0%} | {ours['first_call']:.1f} | "
        f"{ours['reading']:.0%} | {megabytes:,.0f} |"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", default="5")
    parser.add_argument("--only", default="", help="parts of the names of rows, with commas between")
    arguments = parser.parse_args()
    wanted = arguments.only.lower().split(",")
    lines = [
        "| | ms a step | times as long | of the peak | s to the first call | reading | MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, words in ROWS.items():
        if any(part in name.lower() for part in wanted):
            found, _ = in_new_process((*words, "--rounds", arguments.rounds))
            _, megabytes = in_new_process((*words, "--rounds", "0"))
            lines.append(line(name, found, megabytes))
            print(lines[-1], flush=True)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
