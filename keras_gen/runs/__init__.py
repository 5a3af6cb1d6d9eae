"""Runs: training in a folder, resuming, loading, and the output of a run's model.

Messages name the options of the command line.

Example:

>>> import tempfile
>>> from keras_gen import runs
>>> settings = runs.Settings("vae", epochs=1, batch_size=500, options={"width": 0.1})
>>> folder = runs.train(settings, tempfile.mkdtemp(), verbose=0).folder
>>> model, settings = runs.load_run(folder)
>>> model.epochs_completed, settings.data
(1, 'digits')
>>> figures = [runs.samples(folder, n=9, seed=0), runs.reconstructions(folder, n=3), runs.plane(folder, n=3)]
>>> figures += [runs.interpolation(folder, rows=2, steps=3), runs.interpolation_between(folder, (3, 17), steps=5)]
>>> runs.sample_images(folder, folder / "samples", n=2)
>>> sorted(path.name for path in (folder / "samples").iterdir())
['00000.png', '00001.png']
"""

from keras_gen.runs.attacks import attack
from keras_gen.runs.comparison import compare
from keras_gen.runs.evaluation import evaluate
from keras_gen.runs.growing import grow
from keras_gen.runs.latent_space import interpolation, interpolation_between, plane
from keras_gen.runs.loading import load_run
from keras_gen.runs.optimized_pictures import dream, style, texture
from keras_gen.runs.pictures import reconstructions, sample_images, samples
from keras_gen.runs.settings import Settings
from keras_gen.runs.trained_classifier import trained_classifier
from keras_gen.runs.training import train
from keras_gen.runs.translation import translate
from keras_gen.runs.visualization import visualize

__all__ = [
    "Settings",
    "attack",
    "compare",
    "dream",
    "evaluate",
    "grow",
    "interpolation",
    "interpolation_between",
    "load_run",
    "plane",
    "reconstructions",
    "sample_images",
    "samples",
    "style",
    "texture",
    "train",
    "trained_classifier",
    "translate",
    "visualize",
]
