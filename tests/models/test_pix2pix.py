import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from keras_gen import data, load_model, models, networks
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES
from tests.training.test_forward_pass import Counting

RNG = np.random.default_rng(0)
X, Y = RNG.uniform(-1, 1, (6, 8, 8, 1)).astype("float32"), RNG.uniform(-1, 1, (6, 8, 8, 2)).astype("float32")


def generator(*more, activation="tanh"):
    last = keras.layers.Conv2D(2, 3, padding="same", activation=activation)
    return keras.Sequential([keras.Input((8, 8, 1)), *more, last], name="generator")


def judge(*more, channels=(2, 1)):
    inputs = [keras.Input((8, 8, number)) for number in channels]
    hidden = keras.layers.Concatenate()(inputs) if len(inputs) > 1 else inputs[0]
    for layer in more:
        hidden = layer(hidden)
    logits = keras.layers.Conv2D(1, 3)(hidden)
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], logits, name="discriminator")


def pix2pix(**options):
    return models.Pix2Pix(generator(), judge(channels=(2, 1) if options.get("conditional", True) else (2,)), **options)


def features(shape=(8, 8, 2)):
    """Two kinds of features, which training must not change."""
    inputs = keras.Input(shape)
    outputs = [keras.layers.Conv2D(3, 3)(inputs), keras.layers.AveragePooling2D(2)(inputs)]
    return keras.Model(inputs, outputs, name="features")


@pytest.mark.parametrize("adversarial_loss", ["non_saturating", "least_squares"])
@pytest.mark.parametrize("reconstruction", ["l1", "squared_error"])
@pytest.mark.parametrize("conditional", [True, False])
def test_one_step_is_that_of_the_plain_way(adversarial_loss, reconstruction, conditional):
    """The discriminator by half its loss of pairs, then the generator against the updated one, tape by tape."""
    model = pix2pix(
        adversarial_loss=adversarial_loss,
        reconstruction=reconstruction,
        reconstruction_weight=3.0,
        conditional=conditional,
    )
    model.compile(keras.optimizers.SGD(0.1), jit_compile=False)
    g, d = (keras.models.clone_model(network) for network in (model.generator, model.discriminator))
    for clone, own in ((g, model.generator), (d, model.discriminator)):
        clone.set_weights(own.get_weights())
    model.fit(X, Y, batch_size=6, shuffle=False, verbose=0)
    discriminator_loss, generator_loss = ADVERSARIAL_LOSSES[adversarial_loss]
    power = ops.abs if reconstruction == "l1" else ops.square

    def logits(y):
        return d([y, tf.constant(X)] if conditional else y)

    def descend(loss, network):
        with tf.GradientTape() as tape:
            value = loss()
        for weight, slope in zip(
            network.trainable_weights, tape.gradient(value, network.trainable_weights), strict=True
        ):
            weight.assign_sub(0.1 * slope)

    descend(lambda: discriminator_loss(logits(tf.constant(Y)), logits(g(X))) / 2, d)
    descend(lambda: generator_loss(logits(g(X))) + 3.0 * ops.mean(power(Y - g(X))), g)
    for clone, own in ((g, model.generator), (d, model.discriminator)):
        for expected, weight in zip(clone.weights, own.weights, strict=True):
            np.testing.assert_allclose(weight, expected, rtol=1e-4, atol=1e-6)


def test_each_network_runs_as_often_as_the_mathematics_needs():
    """G once; D on the real pair and the translated one, and on the translated one for the generator."""
    made, judged = Counting(), Counting()
    model = models.Pix2Pix(generator(made), judge(judged))
    model.compile("sgd", run_eagerly=True)
    made.runs = judged.runs = 0
    model.train_step((ops.convert_to_tensor(X), ops.convert_to_tensor(Y)))
    assert (made.runs, judged.runs) == (1, 3)


def test_features_are_compared_and_stay_as_they_are(tmp_path):
    network = features()
    model = models.Pix2Pix(generator(), judge(channels=(2,)), reconstruction=network, conditional=False)
    model.compile(jit_compile=False)
    before = [np.array(weight) for weight in network.weights]
    found = model.evaluate(X, Y, batch_size=6, verbose=0, return_dict=True)["reconstruction"]
    pairs = zip(network(Y), network(model.translate(X)), strict=True)
    assert found == pytest.approx(sum(float(np.mean(np.square(a - b))) for a, b in pairs), rel=1e-5)
    model.fit(X, Y, batch_size=6, verbose=0)
    for weight, old in zip(network.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert again.evaluate(X, Y, verbose=0) == model.evaluate(X, Y, verbose=0)


@pytest.mark.compiled
def test_it_learns_a_known_translation():
    """The image is inverted, and its second channel mirrored, which a wide enough kernel can do for one column."""
    keras.utils.set_random_seed(0)
    x = RNG.uniform(-0.9, 0.9, (256, 8, 8, 1)).astype("float32")
    y = np.concatenate([-x, np.roll(x, 1, axis=2)], axis=-1)
    y[:, :, 0, 1] = 0
    discriminator = networks.patchgan_discriminator((8, 8, 2), 8, 1, condition_channels=1)
    model = models.Pix2Pix(generator(keras.layers.Conv2D(16, 3, padding="same", activation="relu")), discriminator)
    model.compile({"discriminator": keras.optimizers.Adam(2e-4, 0.5), "generator": keras.optimizers.Adam(5e-3, 0.5)})
    model.fit(x, y, batch_size=16, epochs=15, verbose=0)
    baseline = min(np.abs(y - np.repeat(x, 2, axis=-1)).mean(), np.abs(y - y.mean(axis=0)).mean())
    assert np.abs(model.translate(x) - y).mean() < baseline / 4


def test_without_a_discriminator_only_the_distance_is_minimised():
    model = models.Pix2Pix(generator(), None, reconstruction="squared_error")
    model.compile("sgd", jit_compile=False)
    found = model.evaluate(X, Y, batch_size=6, verbose=0, return_dict=True)
    assert found == {"loss": pytest.approx(found["reconstruction"]), "reconstruction": found["reconstruction"]}
    assert found["loss"] == pytest.approx(np.mean((model.translate(X) - Y) ** 2), rel=1e-5)
    assert [player.name for player in model.players()] == ["generator"]


def test_metrics_compare_translations_with_their_counterparts():
    model = pix2pix()
    model.compile("sgd", jit_compile=False, metrics=["mae"])
    found = model.evaluate(X, Y, batch_size=6, verbose=0, return_dict=True)["mae"]
    assert found == pytest.approx(np.abs(model.translate(X) - Y).mean(), rel=1e-5)
    assert "mae" in model.fit(X, Y, validation_data=(X, Y), verbose=0).history


def test_a_generator_that_enlarges_takes_images_of_any_size():
    model = models.Pix2Pix(networks.srresnet((4, 4, 1), 2, 3, 1, output_activation=None), None)
    assert model.translate(np.zeros((3, 5, 7, 1))).shape == (3, 10, 14, 1)
    halved = models.Pix2Pix(networks.unet_generator((8, 8, 1), filters=2, downsamplings=2), None)
    assert halved.translate(np.zeros((1, 12, 4, 1))).shape == (1, 12, 4, 1)
    with pytest.raises(ValueError, match="must have a size that the generator preserves. Expected: .* of 4. Received"):
        halved.translate(np.zeros((1, 10, 8, 1)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pix2pix(reconstruction="l2"), "Unknown reconstruction.*Received: 'l2'"),
        (lambda: pix2pix(adversarial_loss="wgan"), "Unknown adversarial_loss"),
        (lambda: pix2pix(reconstruction_weight=-1), "`reconstruction_weight` must be a finite number >= 0"),
        (
            lambda: models.Pix2Pix(generator(), judge(channels=(2,))),
            r"`discriminator` has other inputs. Expected: .* \[\(8, 8, 2\), \(8, 8, 1\)\]. Received: \[\(8, 8, 2\)\]",
        ),
        (lambda: models.Pix2Pix(judge(), None), "`generator` must map one image to one"),
        (
            lambda: models.Pix2Pix(generator(), None, reconstruction=features((4, 4, 2))),
            "`reconstruction` has other inp",
        ),
        (lambda: pix2pix().translate(X, to="x"), r"Unknown to. .*Expected: one of \['y'\]"),
        (lambda: pix2pix().translate(Y), r"`images` does not fit the network"),
        (lambda: pix2pix().data_description.check_batch((X,)), r"needs y. Expected: fit\(x, y\). Received: x alone"),
        (lambda: pix2pix().data_description.check_batch((Y, X)), "`x` and `y` are swapped"),
        (lambda: pix2pix().data_description.check_batch((X, 5 * Y)), r"Expected: values in \[-1, 1\]"),
        (lambda: pix2pix().data_description.check_batch((100 * X, Y)), r"`x`.* Expected: values in \[-1, 1\]"),
        (lambda: pix2pix().data_description.check_batch((X, Y[:3])), "must have the same length"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_pairs_of_a_pipeline_resume_where_they_were():
    """Two epochs equal one, and another of a pipeline that begins anew at the model's count."""
    keras.utils.set_random_seed(1)
    states = []
    for parts in ((2,), (1, 2)):
        keras.utils.set_random_seed(1)
        model = models.Pix2Pix(generator(), None)
        model.compile("sgd", jit_compile=False)
        for done, total in zip((0, *parts), parts, strict=False):
            pairs = data.paired(X, Y, batch_size=2, augment=True, seed=3)
            model.fit(pairs, epochs=total, initial_epoch=done, verbose=0)
        states.append(model.generator.get_weights())
    for one, other in zip(*states, strict=True):
        np.testing.assert_array_equal(one, other)
