import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_gen import load_model, losses, models, networks
from keras_gen.losses.adversarial import ADVERSARIAL_LOSSES

RNG = np.random.default_rng(0)
X, LABELS = RNG.uniform(-1, 1, (40, 6)).astype("float32"), RNG.integers(0, 3, 40)


def gan(**options):
    return models.GAN(networks.mlp_generator(3, (8,), (6,)), networks.mlp_discriminator((6,), (8,)), 3, **options)


def conditional(**options):
    return models.ConditionalGAN(
        networks.mlp_generator(3, (8,), (6,), num_classes=3),
        networks.mlp_discriminator((6,), (8,), num_classes=3),
        3,
        num_classes=3,
        **options,
    )


@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_a_name_stands_for_its_pair_of_losses(name):
    model = gan(adversarial_loss=name)
    fakes = model.generate(model.draw_latents(40, 0))
    real_logits, fake_logits = model.discriminator(X), model.discriminator(fakes)
    (found,) = model.discriminator_losses({"x": X}, fakes, training=False).values()
    assert float(found) == float(getattr(losses, f"{name}_discriminator_loss")(real_logits, fake_logits))
    (found,) = model.generator_losses({"x": X}, fakes, training=False).values()
    assert float(found) == float(getattr(losses, f"{name}_generator_loss")(fake_logits))


def test_smoothing_reaches_the_loss():
    fakes = np.zeros((40, 6), "float32")
    model = gan(label_smoothing=0.2)
    expected = losses.minimax_discriminator_loss(
        model.discriminator(X), model.discriminator(fakes), label_smoothing=0.2
    )
    assert float(model.discriminator_losses({"x": X}, fakes, training=False)["discriminator_loss"]) == pytest.approx(
        float(expected)
    )


@pytest.mark.compiled
@pytest.mark.parametrize("name", ADVERSARIAL_LOSSES)
def test_the_generator_moves_a_gaussian_to_the_data(name):
    """One number, mean 2: an affine generator and a discriminator of a few units find it, whatever the loss."""
    keras.utils.set_random_seed(1)
    x = RNG.normal(2, 0.5, (4096, 1)).astype("float32")
    model = models.GAN(
        networks.mlp_generator(1, (), (1,), output_activation=None),
        networks.mlp_discriminator((1,), (16,), "tanh"),
        1,
        adversarial_loss=name,
    )
    model.compile(keras.optimizers.Adam(1e-2, beta_1=0.5), jit_compile=False, steps_per_execution=32)
    start = abs(model.sample(2000, seed=0).mean() - 2)
    model.fit(x, batch_size=128, epochs=12, verbose=0)
    assert abs(model.sample(2000, seed=0).mean() - 2) < min(0.6, start / 2)


def test_at_the_start_of_equal_networks_the_loss_is_log_4():
    silent = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model = models.GAN(networks.mlp_generator(3, (), (6,)), silent, 3)
    model.compile(jit_compile=False)
    found = model.evaluate(X, batch_size=8, verbose=0, return_dict=True)
    assert found["discriminator_loss"] == pytest.approx(math.log(4), rel=1e-5)
    assert found["generator_loss"] == pytest.approx(math.log(2), rel=1e-5)
    assert found["loss"] == pytest.approx(math.log(8), rel=1e-5)


@pytest.mark.compiled
def test_a_conditional_generator_learns_each_class():
    """Three classes, each a point: samples asked for by label come near it."""
    keras.utils.set_random_seed(0)
    points = np.array([[-0.6, 0.6], [0.6, 0.6], [0.0, -0.6]], "float32")
    labels = RNG.integers(0, 3, 3000)
    x = points[labels] + RNG.normal(0, 0.05, (3000, 2)).astype("float32")
    model = models.ConditionalGAN(
        networks.mlp_generator(2, (32,), (2,), num_classes=3),
        networks.mlp_discriminator((2,), (32,), num_classes=3),
        2,
        3,
    )
    model.compile(keras.optimizers.Adam(2e-3, beta_1=0.5), jit_compile=False, steps_per_execution=30)
    model.fit(x, labels, batch_size=100, epochs=25, verbose=0)
    for label, point in enumerate(points):
        assert np.linalg.norm(model.sample(200, 0, labels=[label] * 200).mean(axis=0) - point) < 0.35


@pytest.mark.compiled
def test_labels_are_handed_to_both_networks_and_come_back_with_the_file(tmp_path):
    model = conditional()
    model.compile(jit_compile=False)
    model.fit(X, LABELS, batch_size=8, epochs=2, verbose=0)
    model.save(tmp_path / "model.keras")
    again, wanted = load_model(tmp_path / "model.keras"), [2, 2, 0]
    np.testing.assert_array_equal(again.sample(3, 0, labels=wanted), model.sample(3, 0, labels=wanted))
    z = model.draw_latents(3, 0)
    np.testing.assert_allclose(model.sample(3, 0), model.generate(z, [0, 1, 2]), rtol=1e-6)
    assert np.abs(model.generate(z, [0, 0, 0]) - model.generate(z, [1, 1, 1])).max() > 1e-4
    assert model.evaluate(X, LABELS, verbose=0) == model.evaluate((X, LABELS), verbose=0)


def test_labels_of_later_batches_of_a_dataset_are_looked_at_too():
    import tensorflow as tf

    model, labels = conditional(), np.where(np.arange(40) < 20, LABELS, 7)
    model.compile(jit_compile=True)  # under which an embedding takes the nearest label, and says nothing
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`labels` of a batch is out of range.*\(0, 2\)"):
        model.fit(tf.data.Dataset.from_tensor_slices((X, labels)).batch(20), verbose=0)


def test_labels_may_be_a_list():
    model = conditional()
    model.compile(jit_compile=False)
    model.fit((X, LABELS.tolist()), validation_data=(X, LABELS.tolist()), batch_size=20, verbose=0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gan(adversarial_loss="wasserstein"), "Unknown adversarial_loss"),
        (lambda: gan(adversarial_loss="hinge", label_smoothing=0.1), "`label_smoothing` is for losses of a cross-ent"),
        (lambda: gan(label_smoothing=1.0), r"`label_smoothing` must be a number in \[0, 1\)"),
        (
            lambda: conditional().sample(3, labels=[0, 1]),
            "`labels` must have a row for each example. Expected: 3. Received: 2",
        ),
        (lambda: conditional().sample(2, labels=[0, 3]), r"must be in 0..2. Received: labels in 0..3"),
        (
            lambda: conditional().sample(2, labels=[0.0, 1.0]),
            r"integer labels of shape \(n,\). Received: .* dtype float64",
        ),
        (lambda: conditional().predict(np.zeros((4, 3)), verbose=0), r"Expected: such as predict\(\[array, labels\]\)"),
        (
            lambda: conditional().predict([np.zeros((4, 3)), np.zeros(4)], verbose=0),
            "`labels` must be integers. Expected: such as int32. Received: float32",
        ),
        (lambda: conditional().data_description.check_batch((X,)), r"needs labels. Expected: fit\(x, labels\)"),
        (
            lambda: conditional().data_description.check_batch((X, LABELS[:5])),
            "the same length. Received: .*40, 'labels': 5",
        ),
        (lambda: conditional().data_description.check(X, LABELS - 1), r"must be in 0..2. Received: labels in -1..1"),
        (
            lambda: models.ConditionalGAN(
                networks.mlp_generator(3, (), (6,), num_classes=3),
                networks.mlp_discriminator((6,), (), num_classes=3),
                3,
                10,
            ),
            "`generator` has fewer classes than the model. Expected: num_classes=10. Received: 3",
        ),
        (lambda: conditional().data_description.check(5 * X, LABELS), r"Expected: values in \[-1, 1\]"),
        (lambda: conditional().generate(np.zeros((2, 4)), [0, 1]), r"Expected: shape \(n, 3\)"),
        (
            lambda: models.ConditionalGAN(
                networks.mlp_generator(3, (), (6,)), networks.mlp_discriminator((6,), ()), 3, 3
            ),
            "`generator` must take a condition. Expected: two inputs or more. Received: 1",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def of_vectors(width=2, **options):
    parts = (
        networks.mlp_generator(3, (6,), (6,), condition_dim=width),
        networks.mlp_discriminator((6,), (6,), condition_dim=width),
    )
    return models.ConditionalGAN(*parts, 3, **options)


@pytest.mark.compiled
def test_a_vector_is_a_condition():
    """Its generator learns to copy the condition, which the discriminator compares with the example."""
    keras.utils.set_random_seed(0)
    vectors = np.random.default_rng(0).choice([-0.5, 0.5], (512, 1)).astype("float32")
    parts = (
        networks.mlp_generator(2, (16,), (1,), condition_dim=1),
        networks.mlp_discriminator((1,), (32,), condition_dim=1),
    )
    model = models.ConditionalGAN(*parts, 2, adversarial_loss="least_squares")
    model.compile(keras.optimizers.Adam(5e-3, 0.5), jit_compile=False, steps_per_execution=8)
    model.fit(vectors, vectors, batch_size=64, epochs=60, verbose=0)
    assert np.abs(model.sample(512, seed=0, labels=vectors) - vectors).mean() < 0.2
    assert model.tasks == frozenset()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: of_vectors().sample(2),
            "`labels` must give the condition of each sample. Expected: labels=condition. Received: None",
        ),
        (
            lambda: of_vectors().sample(2, labels=np.zeros((2, 3))),
            r"Expected: shape \(n, 2\). Received: shape \(2, 3\)",
        ),
        (
            lambda: of_vectors(num_classes=3),
            r"must agree. Expected: labels of shape \(\), or num_classes=None. Received",
        ),
        (lambda: of_vectors(num_classes=(3, None)), "describe each condition. Expected: a tuple of 1"),
        (
            lambda: conditional_without_classes(),
            r"Expected: num_classes, for an input of shape \(\). Received: .*None",
        ),
    ],
)
def test_conditions_that_do_not_fit_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def conditional_without_classes():
    parts = networks.mlp_generator(3, (), (6,), num_classes=3), networks.mlp_discriminator((6,), (), num_classes=3)
    return models.ConditionalGAN(*parts, 3)


def test_labels_are_refused_before_training():
    model = conditional()
    model.compile()
    with pytest.raises(ValueError, match="must be in 0..2"):
        model.fit(X, LABELS + 1, verbose=0)
    with pytest.raises(ValueError, match="needs labels"):
        model.fit(X, verbose=0)
    with pytest.raises(ValueError, match="needs labels"):
        model.fit(tf.data.Dataset.from_tensor_slices(X).batch(8), verbose=0)
    assert int(model.steps_done) == 0


@keras.saving.register_keras_serializable("keras_gen_tests")
def own_discriminator_loss(real_logits, fake_logits):
    return keras.ops.mean(keras.ops.square(1 - real_logits)) + keras.ops.mean(keras.ops.square(fake_logits))


@keras.saving.register_keras_serializable("keras_gen_tests")
def own_generator_loss(fake_logits):
    return keras.ops.mean(keras.ops.square(fake_logits - 1))


@keras.saving.register_keras_serializable("keras_gen_tests")
class OwnLosses:
    """Least squares towards a label of one's own."""

    def __init__(self, label=1.0):
        self.label = label

    def discriminator_loss(self, real_logits, fake_logits):
        real = keras.ops.mean(keras.ops.square(self.label - real_logits))
        return real + keras.ops.mean(keras.ops.square(fake_logits))

    def generator_loss(self, fake_logits):
        return keras.ops.mean(keras.ops.square(fake_logits - self.label))

    def get_config(self):
        return {"label": self.label}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


@pytest.mark.compiled
@pytest.mark.parametrize("own", [(own_discriminator_loss, own_generator_loss), OwnLosses(1.0)])
def test_an_own_loss_trains_as_the_librarys_of_the_same_formula_and_comes_back(own, tmp_path):
    found = []
    for adversarial_loss in (own, "least_squares"):
        keras.utils.set_random_seed(0)
        model = gan(adversarial_loss=adversarial_loss)
        model.compile(jit_compile=False)
        found.append(model.fit(X, batch_size=8, epochs=2, verbose=0).history)
        if adversarial_loss is own:
            model.save(tmp_path / "model.keras")
            resumed = load_model(tmp_path / "model.keras")
            for one in (model, resumed):
                one.fit(X, batch_size=8, epochs=3, initial_epoch=2, verbose=0)
            for left, right in zip(model.get_weights(), resumed.get_weights(), strict=True):
                np.testing.assert_array_equal(left, right)
    for name in found[0]:
        np.testing.assert_allclose(found[0][name], found[1][name], rtol=1e-5)


class LossesWithoutRestoring:
    discriminator_loss, generator_loss, get_config = OwnLosses.discriminator_loss, OwnLosses.generator_loss, dict


def test_an_own_loss_that_no_file_could_restore_is_refused():
    with pytest.raises(ValueError, match="that Keras can save. Expected: .* `from_config`. Received: a LossesWithout"):
        gan(adversarial_loss=LossesWithoutRestoring())


@pytest.mark.parametrize("loss", [own_generator_loss, (own_generator_loss,), (1, 2), OwnLosses])
def test_what_is_no_pair_of_losses_is_refused(loss):
    if loss is OwnLosses:
        loss = object()
    with pytest.raises(
        ValueError, match=r"a pair of callables or an object with two methods. Expected: one of \['hinge'"
    ):
        gan(adversarial_loss=loss)
