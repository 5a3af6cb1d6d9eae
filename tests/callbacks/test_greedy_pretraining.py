import copy
import tempfile

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import callbacks, data, layers, load_model, losses, models, networks
from keras_gen.callbacks import greedy_pretraining

SHAPE = (8, 8, 1)
DEEP = (SHAPE, 16, 8, 3)


def stack(units=(SHAPE, 16, 8), tied=True, **options):
    model = models.Autoencoder(*networks.mlp_autoencoder(units, "sigmoid", tied=tied), **options)
    model.compile("adam", jit_compile=False)
    return model


def pretraining(x, epochs=3, **options):
    return callbacks.GreedyPretraining(x, epochs, **{"batch_size": 14, "verbose": 0, **options})


class _Stop(Exception):
    pass


def pretrained(model, callback, epochs=1):
    """The model after the pretraining alone."""

    class Stop(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            raise _Stop

    with pytest.raises(_Stop):
        model.fit(np.zeros((8, *SHAPE)), callbacks=[callback, Stop()], verbose=0)
    return model


@pytest.mark.parametrize("tied", [True, False])
def test_it_makes_a_better_start(digits, tied):
    fresh = stack(DEEP, tied)
    before = fresh.evaluate(digits, verbose=0, return_dict=True)["loss"]
    callback = pretraining(digits, 5, batch_size=28, learning_rate=5e-2)
    model = pretrained(stack(DEEP, tied), callback)
    assert model.evaluate(digits, verbose=0, return_dict=True)["loss"] < 0.8 * before
    assert int(model.pretrained_layers) == 3
    for history in callback.histories:
        assert len(history["loss"]) == 5 and history["loss"][-1] < history["loss"][0]


def test_each_layer_learns_the_codes_of_the_layers_below(digits):
    model = pretrained(stack(), pretraining(digits, [5, 1], learning_rate=[1e-2, 0.0]))
    below = model.encoder.get_layer("encoder_1")
    codes = np.asarray(below(digits.reshape(28, -1)))
    hidden = np.asarray(model.encoder.get_layer("encoder_2")(codes))
    again = np.asarray(model.decoder.get_layer("decoder_2")(hidden))
    callback = pretraining(digits, [1, 1], learning_rate=0.0, batch_size=28)
    other = stack()
    other.set_weights(model.get_weights())
    other.pretrained_layers.assign(0)
    pretrained(other, callback)
    error = float(np.mean(losses.squared_error(codes, again)))
    np.testing.assert_allclose(callback.histories[1]["loss"][0], error, rtol=1e-4)


def test_arrays_pipelines_datasets_and_files_give_the_same_kind_of_start(digits, tmp_path):
    np.save(tmp_path / "x.npy", digits)
    sources = {
        "array": digits,
        "disk": np.load(tmp_path / "x.npy", mmap_mode="r"),
        "pipeline": data.Pipeline(digits, batch_size=14),
        "dataset": tf.data.Dataset.from_tensor_slices((digits, np.zeros(28, int))).batch(14),
    }
    losses_of = {}
    for name, source in sources.items():
        keras.utils.set_random_seed(0)
        callback = pretraining(source, 2, learning_rate=5e-2)
        pretrained(stack(DEEP), callback)
        losses_of[name] = [history["loss"][-1] for history in callback.histories]
        assert all(history["loss"][-1] < history["loss"][0] / 1.2 for history in callback.histories), name
    for name in ("pipeline", "dataset"):  # whose order is another
        np.testing.assert_allclose(losses_of[name][0], losses_of["array"][0], rtol=0.2)
    np.testing.assert_allclose(losses_of["disk"], losses_of["array"], rtol=1e-5)


def test_batches_that_are_dicts_are_batches(digits):
    def losses_of(source):
        keras.utils.set_random_seed(0)
        callback = pretraining(source, 1)
        pretrained(stack(), callback)
        return [history["loss"] for history in callback.histories]

    weighted = data.Pipeline(digits, sample_weight=np.ones(28), batch_size=8)
    np.testing.assert_allclose(losses_of(weighted), losses_of(data.Pipeline(digits, batch_size=8)), rtol=1e-6)
    images = tf.data.Dataset.from_tensor_slices(digits).batch(14)
    np.testing.assert_allclose(losses_of(images.map(lambda x: {"image": x})), losses_of(images), rtol=1e-6)


def test_a_resumed_run_does_not_pretrain_again(digits, tmp_path):
    model = stack()
    callback = pretraining(digits, 1)
    model.fit(digits, epochs=1, callbacks=[callback], verbose=0)
    model.save(tmp_path / "model.keras")
    again, second = load_model(tmp_path / "model.keras"), pretraining(digits, 1)
    again.fit(digits, epochs=2, initial_epoch=1, callbacks=[second], verbose=0)
    model.fit(digits, epochs=2, initial_epoch=1, callbacks=[callback], verbose=0)
    assert second.histories == [] and len(callback.histories) == 2
    for left, right in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_what_is_restored_as_training_begins_counts(digits, tmp_path):
    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path)

    class Interrupt(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                raise _Stop

    first, second = pretraining(digits, 1), pretraining(digits, 1)
    with pytest.raises(_Stop):
        stack().fit(digits, epochs=3, callbacks=[first, backup(), Interrupt()], verbose=0)
    stack().fit(digits, epochs=3, callbacks=[second, backup()], verbose=0)
    assert len(first.histories) == 2 and second.histories == []


def test_a_checkpoint_is_written_after_each_layer(digits, tmp_path):
    path, done = tmp_path / "model.keras", []

    class Noting(callbacks.GreedyPretraining):
        def _fit(self, *arguments):
            done.append(int(load_model(path).pretrained_layers) if path.exists() else 0)
            super()._fit(*arguments)

    pretrained(stack(), Noting(digits, 1, verbose=0, checkpoint=path))
    assert done == [0, 1] and int(load_model(path).pretrained_layers) == 2


def test_a_layer_that_diverges_ends_the_pretraining_and_is_not_kept(digits, tmp_path):
    model, path = stack(), tmp_path / "model.keras"
    callback = pretraining(digits, 2, learning_rate=1e30, checkpoint=path)
    with pytest.raises(ValueError, match="Pretraining of layer 1 of 2 diverged. .* Received: loss=nan"):
        model.fit(digits, callbacks=[callback], verbose=0)
    assert not path.exists()


def test_codes_are_in_files_without_a_name(digits, tmp_path, monkeypatch):
    """So that a killed process leaves nothing."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    np.save(tmp_path / "x.npy", digits)
    single = stack()
    codes = greedy_pretraining._codes(single, np.load(tmp_path / "x.npy", mmap_mode="r"))
    assert isinstance(codes, np.memmap) and [path.name for path in tmp_path.iterdir()] == ["x.npy"]
    np.testing.assert_allclose(codes, single.encode(digits), atol=1e-6)


def test_the_pipeline_of_the_whole_is_where_it_was(digits):
    batches = data.Pipeline(digits, batch_size=7)
    seen = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(int(batches.epoch.numpy())))
    callback = pretraining(batches, 2)
    stack().fit(batches, epochs=2, callbacks=[callback, note], verbose=0)
    assert seen == [0, 1] and callback.batch_size == 7


def test_a_copy_shares_the_data(digits):
    callback = pretraining(digits, [1, 2, 3], learning_rate=0.1, corruption=0.2)
    copied = copy.deepcopy(callback)
    assert copied is not callback and copied.x is digits
    assert {**vars(copied), "_model": None} == {**vars(callback), "_model": None}


def test_each_layer_has_a_noise_of_its_own(digits):
    given = keras.layers.GaussianNoise(0.1)
    callback = pretraining(digits, 1, corruption=given)
    model = stack()
    callback.set_model(model)
    first, again, second = (callback._corruption(given, number) for number in (0, 0, 1))
    assert first.seed == again.seed == model.order_seed and second.seed != first.seed
    assert given not in (first, second)
    zeros = np.zeros((2, 3))
    np.testing.assert_array_equal(first(zeros, training=True), again(zeros, training=True))
    masking = [callback._corruption(0.5, number).seed for number in (0, 1)]
    assert masking == [model.order_seed, model.order_seed + 1]


def test_an_interrupted_one_goes_on_at_its_layer(digits):
    model, whole = stack(), stack()
    whole.set_weights(model.get_weights())
    whole.order_seed = model.order_seed
    callback = pretraining(digits, 2)
    keep = callback._fit

    def interrupted(single, source, epochs, title):
        if "2 of" in title:
            raise KeyboardInterrupt
        keep(single, source, epochs, title)

    callback._fit = interrupted
    with pytest.raises(KeyboardInterrupt):
        model.fit(digits, callbacks=[callback], verbose=0)
    assert int(model.pretrained_layers) == 1
    rest = pretraining(digits, 2)
    pretrained(model, rest)
    assert len(rest.histories) == 1
    pretrained(whole, pretraining(digits, 2))
    for left, right in zip(model.get_weights(), whole.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-6)


def test_draws_of_layers_inside_the_noise_follow_from_the_models_seed(digits):
    given = keras.Sequential([layers.MaskingNoise(0.5)])
    callback = pretraining(digits, 1, corruption=given)
    callback.set_model(stack())
    first, again = (keras.ops.convert_to_numpy(callback._corruption(given, 0)(digits, training=True)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_noise_is_on_the_input_of_each_layer(digits):
    errors = []
    for corruption in (0.0, [0.9, 0.0], [0.0, 0.9], layers.SaltAndPepperNoise(0.9)):
        keras.utils.set_random_seed(0)
        callback = pretraining(digits, 1, learning_rate=0.0, corruption=corruption, batch_size=28)
        model = stack()
        for variable in model.trainable_variables:
            variable.assign(np.full(variable.shape, 0.1))
        pretrained(model, callback)
        errors.append([history["loss"][0] for history in callback.histories])
    clean, first, second, both = np.array(errors)
    assert first[0] != clean[0] and first[1] == clean[1]
    assert second[0] == clean[0] and second[1] != clean[1]
    assert (both != clean).all()


def test_it_reports_each_layer(digits, capsys):
    stack().fit(digits, callbacks=[pretraining(digits, 1, verbose=2)], verbose=0)
    out = capsys.readouterr().out
    assert all(f"Pretraining layer {n} of 2" in out for n in (1, 2))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"epochs": 0}, "`epochs` must be an integer >= 1"),
        ({"epochs": [1, 2, 3]}, "`epochs` must have one entry per layer. Expected: 2. Received: \\[1, 2, 3\\]"),
        ({"learning_rate": -1.0}, "`learning_rate` must be a finite number >= 0"),
        ({"corruption": 1.5}, "`corruption` must be a number in \\[0, 1\\). Received: corruption=1.5"),
        ({"batch_size": 0}, "`batch_size` must be an integer >= 1"),
        ({"x": tf.data.Dataset.from_tensors(np.zeros((4, *SHAPE))).repeat()}, "Received: an endless dataset"),
        ({"x": (np.zeros((4, *SHAPE)), np.zeros(4))}, "`x` must be examples without labels.* Received: tuple"),
        ({"corruption": [0.1]}, "`corruption` must have one entry per layer"),
        ({"x": np.zeros((4, 7))}, "`x` does not fit the network"),
    ],
)
def test_bad_arguments(digits, options, message):
    with pytest.raises(ValueError, match=message):
        stack().fit(digits, callbacks=[pretraining(**{"x": digits, "epochs": 1, **options})], verbose=0)


def test_other_models_are_refused(digits):
    wide = models.Autoencoder(networks.mlp_autoencoder([SHAPE, 9, 3])[0], networks.mlp_decoder(3, (7,), SHAPE))
    convolutional = models.Autoencoder(*networks.convolutional_autoencoder(SHAPE, 3))
    vae = models.VAE(networks.mlp_encoder(SHAPE, (), 2), networks.mlp_decoder(2, (), SHAPE))
    encoder, decoder = networks.mlp_autoencoder([SHAPE, 9, 3])
    scaled = models.Autoencoder(keras.Model(encoder.inputs, 2 * encoder.outputs[0]), decoder)
    encoder, _ = networks.mlp_autoencoder([64, 64, 64], "tanh")
    inner, outer = (encoder.get_layer(f"encoder_{n}") for n in (1, 2))
    back = [layers.TiedDense(inner, 64, name="a"), layers.TiedDense(outer, 64, name="b")]
    decoder = keras.Sequential([keras.Input((64,)), *back])
    crossed = models.Autoencoder(encoder, decoder)
    for model, message in (
        (wide, "that mirrors the encoder"),
        (convolutional, "dense layers only"),
        (vae, "Autoencoder"),
        (scaled, "dense layers only"),
        (crossed, "each tied layer to be tied to its mirror image"),
    ):
        model.compile("adam")
        x = digits.reshape(28, *model.example_shape)
        with pytest.raises(ValueError, match=message):
            model.fit(x, callbacks=[pretraining(x, 1)], verbose=0)
