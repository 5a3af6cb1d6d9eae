import math

import numpy as np
import pytest

from keras_gen.tuning.hypermodel import standard_error


def test_of_one_training_it_is_the_examples_alone():
    errors = np.random.default_rng(0).random((1, 50))
    assert standard_error(errors) == pytest.approx(errors.std(ddof=1) / math.sqrt(50))


def test_of_several_it_is_how_a_mean_of_means_scatters():
    """Errors = a part of the example + a part of the training: the deviation over many such tables."""
    rng = np.random.default_rng(1)
    tables = rng.normal(0, 2, (2000, 1, 40)) + rng.normal(0, 0.5, (2000, 3, 1))
    reported = math.sqrt(np.mean([standard_error(table) ** 2 for table in tables]))
    assert reported == pytest.approx(tables.mean(axis=(1, 2)).std(), rel=0.05)
