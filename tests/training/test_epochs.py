import numpy as np
import pytest

from keras_gen import models, networks
from keras_gen.training.epochs import ProgressBar, execution_steps


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({"batches": 33}, 17),
        ({"batches": 32}, 32),
        ({"batches": 600}, 32),
        ({"steps": 50}, 25),
        ({"steps": 7}, 7),
        ({}, 32),
    ],
)
def test_calls_are_of_about_equal_length_and_divide_what_was_asked_for(options, steps):
    assert execution_steps(32, **options) == steps


def test_the_progress_bar_ends_at_its_end():
    bar = ProgressBar()
    bar.set_params({"verbose": 0, "epochs": 1, "steps": 33})
    bar.on_epoch_begin(0)
    bar.on_train_batch_end(16, {})
    assert bar.seen == 17
    bar.on_train_batch_end(33, {})  # the second call of 17 batches
    assert bar.seen == 33


def test_fit_shows_that_bar(capsys):
    model = models.Autoencoder(*networks.mlp_autoencoder([(4,), 2]))
    model.compile("adam")
    model.fit(np.zeros((66, 4)), batch_size=2, verbose=1)
    shown = capsys.readouterr().out
    assert "33/33" in shown and "34/33" not in shown
