import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import callbacks, load_model
from tests import contract
from tests.test_contract import MODELS


class Killed(keras.callbacks.Callback):
    """Stop as a killed process does, after some steps of an epoch."""

    def __init__(self, epoch, step):
        super().__init__()
        self.epoch, self.step = epoch, step

    def on_epoch_begin(self, epoch, logs=None):
        self.now = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.now, batch) >= (self.epoch, self.step):
            raise KeyboardInterrupt


def trained(model, arrays, as_pipeline, epochs, **options):
    """The history of a training to a total of epochs, from arrays or a pipeline."""
    begun = {"initial_epoch": model.epochs_completed, "epochs": epochs, "verbose": 0, **options}
    if as_pipeline:
        return model.fit(contract.pipeline(model.data_description, arrays, seed=5), **begun).history
    x, y, weight = keras.utils.unpack_x_y_sample_weight(arrays)
    return model.fit(x, y, sample_weight=weight, batch_size=contract.BATCH, **begun).history


@pytest.mark.parametrize(
    ("name", "as_pipeline"),
    [("Gaussian VAE with dropout", False), ("phased GAN", True), ("regularised classifier", True)],
)
def test_a_run_killed_within_an_epoch_ends_as_an_unbroken_one_to_the_bit(name, as_pipeline, digits, labels, tmp_path):
    """Killed twice in one epoch: the second time after it was resumed."""

    def make():
        return contract.built(MODELS[name], metrics=["accuracy"] if name == "regularised classifier" else None)

    arrays = contract.example_arrays(make().data_description, np.tile(digits, (2, 1, 1, 1)), np.tile(labels, 2))
    whole = make()
    expected = trained(whole, arrays, as_pipeline, 3)
    model, path = make(), tmp_path / "model.keras"
    for step, found in ((2, 2), (3, 6)):  # the second begins with the third step
        with pytest.raises(KeyboardInterrupt):
            trained(
                model,
                arrays,
                as_pipeline,
                3,
                callbacks=[callbacks.StepCheckpoint(path, 2), Killed(1, step)],
            )
        model = load_model(path)
        assert (model.epochs_completed, model.place_in_epoch.steps) == (1, found)
    history = trained(model, arrays, as_pipeline, 3)
    contract.assert_same_state(contract.state(whole), contract.state(model))
    own = {mean.name for mean in model._means}  # those of `compile` are made anew
    assert {key: history[key] for key in own} == {key: expected[key][1:] for key in own}


def small(digits, path):
    """A model that was saved after 3 of the 4 steps of its first epoch."""
    model = contract.built(MODELS["autoencoder"])
    with pytest.raises(KeyboardInterrupt):
        contract.fit(model, (digits,), callbacks=[callbacks.StepCheckpoint(path, 3), Killed(0, 2)])
    return load_model(path)


class Steps(keras.callbacks.Callback):
    """The numbers of steps of the epochs."""

    def on_train_begin(self, logs=None):
        self.found = []

    def on_epoch_begin(self, epoch, logs=None):
        self.found.append(0)

    def on_train_batch_end(self, batch, logs=None):
        self.found[-1] += 1


def test_only_the_same_data_go_on(digits, tmp_path):
    for x, options, expected in (
        (digits, {"batch_size": 8}, [1, 4]),
        (digits, {"batch_size": 7}, [4, 4]),
        (digits[:24], {"batch_size": 8}, [3, 3]),
        (digits, {"batch_size": 8, "steps_per_epoch": 2}, [2, 2]),
    ):
        model, steps = small(digits, tmp_path / "model.keras"), Steps()
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Your input ran out of data")
            model.fit(x, epochs=2, verbose=0, callbacks=[steps], **options)
        assert steps.found == expected and model.epochs_completed == 2 and model.place_in_epoch.steps == 0


def test_what_goes_on_in_one_process_begins_its_epoch_anew(digits, tmp_path):
    """Its weights are those of the step at which it was interrupted, not those of the last saving."""
    model, steps = contract.built(MODELS["autoencoder"]), Steps()
    with pytest.raises(KeyboardInterrupt):
        contract.fit(model, (digits,), callbacks=[callbacks.StepCheckpoint(tmp_path / "model.keras", 1), Killed(0, 2)])
    contract.fit(model, (digits,), callbacks=[steps])
    assert steps.found == [4]


def test_ruined_weights_are_not_saved(digits, tmp_path):
    model = small(digits, tmp_path / "model.keras")
    kept = (tmp_path / "model.keras").read_bytes()
    model.trainable_variables[0].assign(np.nan * model.trainable_variables[0])
    with pytest.raises(ValueError, match="diverged after 2 steps .* Received: weights of '.*' that are not"):
        contract.fit(model, (digits[:27],), callbacks=[callbacks.StepCheckpoint(tmp_path / "model.keras", 2)])
    assert (tmp_path / "model.keras").read_bytes() == kept
    dataset = tf.data.Dataset.from_tensor_slices(digits).batch(8)
    with pytest.raises(ValueError, match="whose order it can find again. .* Received: another dataset"):
        model.fit(dataset, verbose=0, callbacks=[callbacks.StepCheckpoint(tmp_path / "model.keras", 2)])
    with pytest.raises(ValueError, match="`every` must be an integer >= 1"):
        callbacks.StepCheckpoint("model.keras", 0)
