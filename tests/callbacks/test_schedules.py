import keras
import numpy as np
import pytest

from keras_gen import callbacks, layers, load_model, models, networks, presets
from tests.toy import TwoPlayers


class _Weights(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append(float(self.model.kl_weight))


def test_the_weight_rises_linearly_and_goes_on_after_a_load(digits, tmp_path):
    model = presets.build("vae", (8, 8, 1), width=0.02, beta=2.0)
    weights, options = _Weights(), {"batch_size": 28, "verbose": 0}
    model.fit(digits, epochs=2, callbacks=[callbacks.KLWarmup(4), weights], **options)
    model.save(tmp_path / "model.keras")
    model = load_model(tmp_path / "model.keras")
    assert float(model.kl_weight) == 0.5
    model.fit(digits, epochs=4, callbacks=[callbacks.KLWarmup(4), weights], **options)
    np.testing.assert_allclose(weights.seen, [0, 0.5, 1, 1.5, 2, 2])


@pytest.mark.compiled
def test_the_weight_reaches_the_compiled_step(digits):
    model = presets.build("vae", (8, 8, 1), width=0.02)
    history = model.fit(digits, epochs=1, callbacks=[callbacks.KLWarmup(4)], validation_data=digits, verbose=0).history
    np.testing.assert_allclose(history["loss"], history["reconstruction"], rtol=1e-6)
    np.testing.assert_allclose(
        history["val_loss"][0], history["val_reconstruction"][0] + history["val_kl"][0], rtol=1e-6
    )


def test_bad_input(digits):
    with pytest.raises(ValueError, match="`epochs` must be an integer >= 1. Received: epochs=0"):
        callbacks.KLWarmup(0)
    model = TwoPlayers.small()
    model.compile("adam", jit_compile=False)
    several = presets.build("burda-vae", (8, 8, 1), width=0.02, importance_samples=2)
    with pytest.raises(ValueError, match="Expected: importance_samples=1. Received: importance_samples=2"):
        several.fit(digits, callbacks=[callbacks.KLWarmup(2)], verbose=0)
    with pytest.raises(ValueError, match="`KLWarmup` needs a model with the task 'likelihood'.* Received: TwoPlayers"):
        model.fit(digits, callbacks=[callbacks.KLWarmup(2)], verbose=0)


def sparse_model(first_k=9):
    sparse = layers.KSparse(3, first_k=first_k)
    model = models.Autoencoder(*networks.mlp_autoencoder([64, 12], code_layer=sparse))
    model.compile("adam", jit_compile=False)
    return model, sparse


def test_k_falls_linearly_and_goes_on_after_a_load(digits, tmp_path):
    x, active = digits.reshape(28, 64), []

    def train(model, epochs, first=0):
        note = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: active.append(int((model.encode(x) != 0).sum(axis=1).max()))
        )
        options = {"epochs": epochs, "initial_epoch": first, "verbose": 0}
        model.fit(x, callbacks=[callbacks.KSparseAnnealing(4), note], **options)

    model, _ = sparse_model()
    train(model, 2)
    model.save(tmp_path / "model.keras")
    train(load_model(tmp_path / "model.keras"), 5, 2)
    assert active == [9, 7, 5, 3, 3]


def test_an_annealing_needs_something_to_anneal(digits):
    model, _ = sparse_model(first_k=None)
    with pytest.raises(ValueError, match="needs a layers.KSparse with a `first_k`"):
        model.fit(digits.reshape(28, 64), callbacks=[callbacks.KSparseAnnealing(4)], verbose=0)
    with pytest.raises(ValueError, match="`epochs` must be an integer >= 2. Received: epochs=1"):
        callbacks.KSparseAnnealing(1)


def test_every_players_rate_stays_then_falls_to_zero_and_goes_on_after_a_load(digits, tmp_path):
    def train(model, epochs):
        decay, seen = callbacks.LinearDecay(0.1, constant_epochs=2, decay_epochs=2), []
        watcher = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda *_: seen.append([float(member.learning_rate) for member in model.optimizer.optimizers])
        )
        model.fit(digits, batch_size=28, epochs=epochs, callbacks=[decay, watcher], verbose=0)
        return [list(rates) for rates in zip(*seen, strict=True)]

    model = TwoPlayers.small()
    model.compile("sgd", jit_compile=False)
    assert train(model, 3) == [pytest.approx([0.1, 0.1, 0.1])] * 2
    model.save(tmp_path / "model.keras")
    model = load_model(tmp_path / "model.keras")
    with pytest.warns(UserWarning, match="The learning rate is 0 from epoch 5 on, of 6"):
        assert train(model, 3) == [pytest.approx([0.05, 0.0, 0.0])] * 2


def test_the_rate_of_all_players_is_logged_once():
    model = TwoPlayers.small()
    model.compile("sgd", jit_compile=False)
    history = model.fit(np.zeros((4, 8, 8, 1)), epochs=2, callbacks=[callbacks.LinearDecay(0.1, 0, 2)], verbose=0)
    assert [name for name in history.history if "rate" in name] == ["learning_rate"]
    assert history.history["learning_rate"] == pytest.approx([0.1, 0.05])


def test_epochs_at_a_rate_of_zero_are_reported_before_they_are_spent():
    model = TwoPlayers.small()
    model.compile("sgd", jit_compile=False)
    with pytest.warns(UserWarning, match=r"The learning rate is 0 from epoch 3 on, of 4.* Received: 1 \+ 1"):
        model.fit(np.zeros((4, 8, 8, 1)), epochs=4, callbacks=[callbacks.LinearDecay(0.1, 1, 1)], verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((0,), "`learning_rate` must be a finite number > 0"),
        ((1e-3, -1), "`constant_epochs` must be an integer >= 0"),
        ((1e-3, 1, 0), "`decay_epochs` must be an integer >= 1"),
    ],
)
def test_bad_input_of_the_decay(arguments, message):
    with pytest.raises(ValueError, match=message):
        callbacks.LinearDecay(*arguments)


def test_a_second_fit_at_a_rate_of_zero_is_reported_too():
    model, x = TwoPlayers.small(), np.zeros((4, 8, 8, 1))
    model.compile("sgd", jit_compile=False)
    model.fit(x, epochs=2, callbacks=[callbacks.LinearDecay(0.1, 1, 1)], verbose=0)
    with pytest.warns(UserWarning, match="The learning rate is 0 from epoch 3 on, of 4") as reported:
        model.fit(x, epochs=2, callbacks=[callbacks.LinearDecay(0.1, 1, 1)], verbose=0)
    assert sum("learning rate" in str(warning.message) for warning in reported) == 1, "once, not in every epoch"
