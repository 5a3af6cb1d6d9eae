import itertools

import keras
import numpy as np
import pytest

from keras_gen import data, layers, models, networks

X = np.random.default_rng(0).uniform(-1, 1, (32, 6)).astype("float32")


def gan(kind=models.GAN, generator=None, discriminator=None, **options):
    generator = generator or networks.mlp_generator(3, (8,), (6,))
    return kind(generator, discriminator or networks.mlp_discriminator((6,), (8,)), 3, **options)


def trained(steps, **options):
    """Weights of both networks after each step."""
    model = gan(**options)
    model.compile(jit_compile=False)
    seen = [[network.get_weights() for network in (model.generator, model.adversary)]]
    for _ in range(steps):
        model.train_on_batch(X)
        seen.append([network.get_weights() for network in (model.generator, model.adversary)])
    return model, seen


@pytest.mark.parametrize(
    ("kind", "optimizer", "settings"),
    [
        (models.GAN, "adam", {"learning_rate": 2e-4, "beta_1": 0.5}),  # Radford et al., 2016, section 4
        (models.WGAN, "rmsprop", {"learning_rate": 5e-5}),  # Arjovsky et al., 2017, algorithm 1
        (models.WGANGP, "adam", {"learning_rate": 1e-4, "beta_1": 0.5, "beta_2": 0.9}),  # Gulrajani et al., sect. 5.1
    ],
)
def test_optimizers_are_the_published_ones_unless_one_is_given(kind, optimizer, settings, caplog):
    model, published = gan(kind), {name: pytest.approx(value) for name, value in settings.items()}
    model.compile()
    for member in model.optimizer.optimizers:
        assert type(member).__name__.lower() == optimizer
        assert published.items() <= {**member.get_config(), "learning_rate": float(member.learning_rate)}.items()
    assert not caplog.records
    model.compile("adam")  # means the published rates too, and is told
    for member in model.optimizer.optimizers:
        assert type(member) is keras.optimizers.Adam
        assert published.items() <= {**member.get_config(), "learning_rate": float(member.learning_rate)}.items()
    assert f"compile('adam') gives {kind.__name__} Adam(learning_rate={settings['learning_rate']:g}" in caplog.text
    caplog.clear()
    model.compile(keras.optimizers.Adam())
    assert [float(member.learning_rate) for member in model.optimizer.optimizers] == [pytest.approx(1e-3)] * 2
    assert not caplog.records


def moved(before, after):
    return any((a != b).any() for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("kind", [models.GAN, models.WGAN, models.WGANGP])
def test_the_three_phases_are_the_discriminator_alone_the_generator_alone_then_both(kind):
    model, seen = trained(6, kind=kind, n_critic=2, discriminator_warmup_steps=2, generator_warmup_steps=2)
    pairs = [[moved(b, a) for b, a in zip(*pair, strict=True)] for pair in itertools.pairwise(seen)]
    assert pairs == [[False, True], [False, True], [True, False], [True, False], [True, True], [True, True]]
    assert int(model.steps_done) == 6
    counts = {name: int(model.optimizer[name].iterations) for name in ("generator", model.discriminator_name)}
    assert counts == {"generator": 4, model.discriminator_name: 8}


def test_the_average_of_the_generator_is_the_formula_s_and_what_samples_come_from():
    model, seen = trained(3, ema=0.25)
    average = seen[0][0]
    for step, (weights, _) in enumerate(seen[1:], start=1):
        decay = min(0.25, (1 + step) / (10 + step))
        average = [decay * a + (1 - decay) * w for a, w in zip(average, weights, strict=True)]
    for left, right in zip(model.averaged_generator.get_weights(), average, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-7)
    z = model.draw_latents(4, seed=0)
    np.testing.assert_allclose(model.sample(4, seed=0), model.averaged_generator(z), rtol=1e-6)
    np.testing.assert_allclose(model.predict(z, verbose=0), model.averaged_generator(z), rtol=1e-5, atol=1e-7)
    assert np.abs(model.sample(4, seed=0) - model.generator(z)).max() > 1e-6


def test_the_average_forgets_its_first_steps_after_a_warm_up_too():
    model, seen = trained(7, ema=0.999, discriminator_warmup_steps=4)
    average = seen[4][0]
    for step in range(1, 4):
        decay = (1 + step) / (10 + step)
        average = [decay * a + (1 - decay) * w for a, w in zip(average, seen[4 + step][0], strict=True)]
    for left, right in zip(model.averaged_generator.get_weights(), average, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-7)


def test_a_critic_that_is_not_active_is_not_clipped():
    _, seen = trained(3, kind=models.WGAN, n_critic=2, generator_warmup_steps=2)
    assert [moved(a[1], b[1]) for a, b in itertools.pairwise(seen)] == [False, False, True]


def test_statistics_of_batches_are_copied_not_averaged():
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(6), keras.layers.BatchNormalization()])
    model = gan(generator=generator, ema=0.99)
    model.compile(jit_compile=False)
    model.fit(X, batch_size=16, epochs=3, verbose=0)
    pairs = list(zip(model.averaged_generator.weights, model.generator.weights, strict=True))
    assert all((a.numpy() == b.numpy()).all() for a, b in pairs if "moving" in b.name)
    assert all((a.numpy() != b.numpy()).any() for a, b in pairs if "kernel" in b.name)


@pytest.mark.parametrize(("latent", "low", "deviation"), [("normal", -6, 1), ("uniform", -1, 1 / np.sqrt(3))])
def test_latents_are_of_the_prior_in_training_and_in_samples(latent, low, deviation):
    model = gan(latent=latent)
    for z in (np.asarray(model.latents(4000, training=True)), model.draw_latents(4000, seed=1)):
        assert z.shape == (4000, 3) and low <= z.min() < 0 < z.max() <= -low
        assert abs(z.mean()) < 0.03 and z.std() == pytest.approx(deviation, rel=0.03)


def test_samples_have_a_seed_of_their_own_and_leave_the_training_alone():
    model = gan()
    before = np.asarray(model.seed_generator.state)
    np.testing.assert_array_equal(model.sample(300, seed=4), model.sample(300, seed=4))
    assert np.abs(model.sample(5) - model.sample(5)).max() > 0
    np.testing.assert_array_equal(model.seed_generator.state, before)
    np.testing.assert_allclose(
        model.generate(model.draw_latents(300, 4))[260:], model.sample(300, seed=4)[260:], rtol=1e-5, atol=1e-6
    )


def test_updates_see_fresh_examples_and_a_short_foreign_batch_is_no_nan():
    import tensorflow as tf

    model = gan(n_critic=5)
    model.compile(jit_compile=False)
    dataset = tf.data.Dataset.from_tensor_slices(X[:8]).batch(5)  # 5 examples, then 3 for 5 updates
    assert np.isfinite(model.fit(dataset, verbose=0).history["loss"]).all()
    with pytest.raises(ValueError, match="Expected: batch_size >= 5. Received: batch_size=3"):
        model.fit(X, batch_size=3, verbose=0)
    with pytest.raises(ValueError, match="5 updates of a step. Expected: examples >= 5. Received: examples=4"):
        model.fit(X[:4], batch_size=64, verbose=0)
    with pytest.raises(ValueError, match="Expected: examples >= 5. Received: examples=4"):
        model.fit(data.Pipeline(X[:4], batch_size=8), verbose=0)


def test_data_without_a_known_end_are_counted_right():
    import tensorflow as tf

    model = gan()
    model.compile(jit_compile=False)
    endless = tf.data.Dataset.from_generator(
        lambda: iter(X.reshape(4, 8, 6)), output_signature=tf.TensorSpec((8, 6), "float32")
    )
    model.fit(endless, epochs=2, verbose=0)
    assert int(model.steps_done) == 8 and int(model.optimizer["generator"].iterations) == 8


def ends_in(*last):
    return keras.Sequential([keras.Input((6,)), *last])


def two_outputs():
    inputs = keras.Input((6,))
    return keras.Model(inputs, [keras.layers.Dense(1)(inputs), keras.layers.Dense(1)(inputs)])


DENSE, SQUASHED = keras.layers.Dense, keras.layers.Dense(1, activation="sigmoid")


@pytest.mark.parametrize(
    "layers",
    [
        [DENSE(1, "softplus")],
        [DENSE(1), keras.layers.ReLU()],
        [DENSE(1), keras.layers.LeakyReLU()],
        [DENSE(2, "softmax")],
        [DENSE(1), keras.layers.Activation("sigmoid")],
        [DENSE(1, "sigmoid"), keras.layers.Activation("linear", dtype="float32")],
        [DENSE(1, "sigmoid"), keras.layers.Dropout(0.1)],
        [DENSE(1, activation=keras.layers.Activation("sigmoid"))],
        [keras.Sequential([keras.Input((6,)), DENSE(1, "tanh")])],
        [keras.layers.SpectralNormalization(DENSE(1, "sigmoid"))],
        [DENSE(1, "sigmoid"), keras.layers.Identity()],
        [DENSE(1, "sigmoid"), keras.layers.GaussianNoise(0.1)],
        [DENSE(1, "sigmoid"), keras.layers.ActivityRegularization(0.1)],
        [
            keras.layers.Reshape((6, 1, 1)),
            keras.layers.Conv2D(1, 1, activation="sigmoid"),
            keras.layers.UpSampling2D(2),
            keras.layers.GlobalMaxPooling2D(),
        ],
    ],
    ids=str,
)
def test_an_opponent_that_ends_in_an_activation_is_refused_however_it_is_written(layers):
    with pytest.raises(ValueError, match="must end in logits"):
        gan(discriminator=ends_in(*layers))


def test_the_range_of_a_generator_shows_through_what_passes_it_on():
    inputs = keras.Input((3,))
    image = keras.layers.Reshape((6, 1))(keras.layers.Identity()(DENSE(6, "tanh")(inputs)))
    assert gan(generator=keras.Model(inputs, keras.ops.squeeze(image, axis=-1))).value_range == (-1, 1)


def test_a_last_linear_activation_is_none():
    gan(discriminator=ends_in(DENSE(1), keras.layers.Activation("linear", dtype="float32")))


def test_bright_images_may_be_evaluated_but_not_trained_on():
    model = gan()
    model.compile(jit_compile=False)
    assert np.isfinite(model.evaluate(np.abs(X), verbose=0)).all()
    with pytest.raises(ValueError, match="does not reach below 0"):
        model.fit(data.Pipeline(np.abs(X), batch_size=1), verbose=0)
    with pytest.raises(ValueError, match="does not reach below 0"):
        model.fit(X, validation_data=np.abs(X), verbose=0)
    assert int(model.steps_done) == 0


@pytest.mark.compiled
def test_one_bright_example_at_the_start_is_no_reason_to_refuse():
    import tensorflow as tf

    model, x = gan(), np.concatenate([np.abs(X[:1]), X])
    model.compile("sgd", jit_compile=False)
    model.fit(data.Pipeline(x, batch_size=1, shuffle=False), verbose=0)
    model.fit(tf.data.Dataset.from_tensor_slices(x).batch(1), verbose=0)
    assert int(model.steps_done) == 2 * len(x)


def test_later_batches_of_a_dataset_are_looked_at_too():
    import tensorflow as tf

    model = gan()
    model.compile("sgd", jit_compile=False)
    pixels = tf.data.Dataset.from_tensor_slices(np.concatenate([X, 255 * X])).batch(len(X))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"`x` of a batch is out of range. Expected: .*\(-1, 1\)"):
        model.fit(pixels, verbose=0)


def test_an_average_of_weights_of_any_precision():
    keras.config.set_dtype_policy("float64")
    model = gan(ema=0.5)
    keras.config.set_dtype_policy("float32")
    model.compile("sgd", jit_compile=False)
    model.fit(X, verbose=0)
    weights = zip(model.generator.weights, model.averaged_generator.weights, strict=True)
    assert any(np.any(np.asarray(w) != np.asarray(a)) for w, a in weights)
    assert model.averaged_generator.weights[0].dtype == "float64"


SIGMOID = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, "sigmoid")])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gan(generator=networks.mlp_generator(3, (), (5,))), r"Expected: inputs of shapes \[\(5,\)\]"),
        (lambda: gan(generator=networks.mlp_generator(4, (), (6,))), r"Expected: inputs of shapes \[\(3,\)\]"),
        (lambda: gan(discriminator=SIGMOID), "must end in logits. .* Received: activation 'sigmoid'"),
        (lambda: gan(kind=models.WGAN, discriminator=SIGMOID), "`critic` must end in logits"),
        (lambda: gan(discriminator=two_outputs()), "one output. Received: .* 2 outputs"),
        (lambda: gan(kind=models.WGANGP, discriminator=ends_in(DENSE(5))), "must give one value per example"),
        (lambda: gan(n_critic=0), "`n_critic` must be an integer >= 1"),
        (lambda: gan(latent="cauchy"), "Unknown latent"),
        (lambda: gan(ema=1.0), r"`ema` must be a number in \[0, 1\)"),
        (lambda: gan(discriminator_warmup_steps=-1), "`discriminator_warmup_steps` must be an integer >= 0"),
        (lambda: gan(generator_warmup_steps=1.5), "`generator_warmup_steps` must be an integer >= 0"),
        (lambda: gan(generator=keras.Sequential([keras.layers.Dense(6)])), "`generator` must know its shapes"),
        (lambda: gan().generate(np.zeros((2, 4))), r"Expected: shape \(n, 3\)"),
        (lambda: gan().sample(0), "`n` must be an integer >= 1"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("activation", "x", "message"),
    [
        ("tanh", np.abs(X), r"does not reach below 0.*value_range=\(-1, 1\)"),
        ("tanh", 255 * X, r"Expected: values in \[-1, 1\]"),
        ("sigmoid", X, r"Expected: values in \[0, 1\]"),
        ("tanh", X[:, :5], r"Expected: shape \(n, 6\)"),
        ("tanh", np.full((8, 6), np.nan), "must be finite"),
    ],
)
def test_data_outside_the_generators_range_are_refused_before_training(activation, x, message):
    model = gan(generator=networks.mlp_generator(3, (), (6,), output_activation=activation))
    model.compile()
    with pytest.raises(ValueError, match=message):
        model.fit(x, verbose=0)
    assert int(model.steps_done) == 0


def test_without_a_last_activation_any_range_will_do():
    model = gan(generator=networks.mlp_generator(3, (), (6,), output_activation=None))
    model.compile(jit_compile=False)
    assert model.value_range is None and np.isfinite(model.fit(50 * X, verbose=0).history["loss"]).all()


def test_noise_in_a_network_is_seeded_and_resumed():
    discriminator = keras.Sequential([keras.Input((6,)), layers.MaskingNoise(0.5), keras.layers.Dense(1)])
    losses = []
    for _ in range(2):
        keras.utils.set_random_seed(5)
        model = gan(discriminator=keras.models.clone_model(discriminator))
        model.compile(jit_compile=False)
        losses.append(model.fit(X, verbose=0).history["loss"])
    assert losses[0] == losses[1]


def augmented(augmentation, kind=models.GAN):
    keras.utils.set_random_seed(0)
    generator, discriminator = networks.mlp_generator(3, (4,), (8, 8, 1)), networks.mlp_discriminator((8, 8, 1), (4,))
    model = kind(generator, discriminator, 3, augmentation=augmentation)
    model.compile(jit_compile=False)
    return model


@keras.saving.register_keras_serializable(package="tests")
class Recorded(keras.layers.Layer):
    """The half of its input, which it also keeps."""

    def call(self, inputs, training=False):
        self.seen = [*getattr(self, "seen", []), np.asarray(inputs)]
        return inputs / 2


@pytest.mark.parametrize("kind", [models.GAN, models.WGANGP])
def test_all_that_the_discriminator_sees_is_augmented(kind, digits):
    """Real and generated examples, in both players' losses; `evaluate` sees them as they are."""
    x, recorded = 2 * digits[:8] - 1, Recorded()
    model = augmented(recorded, kind)
    recorded.seen = []
    batch = {"x": keras.ops.convert_to_tensor(x)}
    fakes = model.fakes(batch, training=True)
    of_discriminator, of_generator = model.players()
    found = of_discriminator.loss(batch, fakes, training=True)
    of_generator.loss(batch, fakes, training=True)
    assert [np.array_equal(seen, one) for seen, one in zip(recorded.seen, (x, fakes, fakes), strict=True)] == [True] * 3
    halves = {"x": batch["x"] / 2}
    if kind is models.GAN:
        expected = model.discriminator_losses(halves, fakes / 2, training=True)
        assert float(found["discriminator_loss"]) == pytest.approx(float(expected["discriminator_loss"]), rel=1e-6)
    recorded.seen = []
    model.evaluate(x, verbose=0)
    assert recorded.seen == []


def test_an_augmentation_that_changes_nothing_changes_no_training(digits):
    trained = []
    for augmentation in (None, keras.layers.Identity()):
        model = augmented(augmentation)
        model.fit(2 * digits - 1, batch_size=14, verbose=0)
        trained.append(model.get_weights())
    for left, right in zip(*trained, strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_generator_learns_through_the_augmentation(digits):
    """Of a constant view it learns nothing."""
    for augmentation, learns in ((keras.layers.Rescaling(0.5), True), (keras.layers.Rescaling(0.0), False)):
        model = augmented(augmentation)
        before = model.generator.get_weights()
        model.fit(2 * digits - 1, batch_size=14, verbose=0)
        moved = [np.abs(old - new).max() > 0 for old, new in zip(before, model.generator.get_weights(), strict=True)]
        assert any(moved) == learns


def test_an_augmentation_may_be_named():
    layers = {name: augmented(name).augmentation for name in ("flip", "translation", "zoom")}
    kinds = [keras.layers.RandomFlip, keras.layers.RandomTranslation, keras.layers.RandomZoom]
    assert [type(layer) for layer in layers.values()] == kinds and augmented("none").augmentation is None
    assert layers["zoom"].fill_value == layers["translation"].fill_value == -1, "black, of values in [-1, 1]"
    copy = models.GAN.from_config(augmented("zoom").get_config())
    assert isinstance(copy.augmentation, keras.layers.RandomZoom)


@keras.saving.register_keras_serializable(package="tests")
class Stopped(keras.layers.Layer):
    def call(self, inputs, training=False):
        return keras.ops.stop_gradient(inputs)


@pytest.mark.parametrize(
    ("augmentation", "message"),
    [
        (5, "`augmentation` must be a Keras layer, or None. Received: 5"),
        ("zom", "Unknown augmentation. Did you mean 'zoom'"),
        (
            keras.layers.RandomCrop(4, 4),
            r"keep the shape of the examples. Expected: \(8, 8, 1\). Received: \(4, 4, 1\)",
        ),
        (keras.layers.RandomSaturation(0.5), r"must take the examples. Expected: layers for shape \(8, 8, 1\)"),
        (Stopped(), "`augmentation` must have a gradient.* Expected: .*RandomTranslation.* Received: Stopped without"),
    ],
)
def test_an_augmentation_that_does_not_fit_is_refused(augmentation, message):
    with pytest.raises(ValueError, match=message):
        augmented(augmentation)


def test_an_augmentation_draws_for_each_replica():
    """Keras's own seeds would give all replicas the same views."""
    flip = keras.layers.RandomFlip(seed=1)
    augmented(keras.Sequential([flip]))
    assert [type(generator) for generator in flip._seed_generators] == [layers.ReplicaSeedGenerator]


def test_kerass_saturation_has_no_gradient():
    """As docs/guides/gans.md says: no generator could learn through it."""
    generator, discriminator = networks.mlp_generator(3, (4,), (8, 8, 3)), networks.mlp_discriminator((8, 8, 3), (4,))
    with pytest.raises(ValueError, match="must have a gradient.* Received: RandomSaturation without one"):
        models.GAN(generator, discriminator, 3, augmentation=keras.layers.RandomSaturation(0.5))
