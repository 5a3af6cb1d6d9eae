import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from keras_gen import data, models, networks

SHAPE = (6,)
X = np.random.default_rng(0).random((40, *SHAPE)).astype("float32")
LABELS = np.arange(40) % 3
VECTORS = np.random.default_rng(1).random((40, 2)).astype("float32")


def conditional(latent_dim=2, num_classes=3, units=(5,), **options):
    encoder = networks.mlp_encoder(SHAPE, units, latent_dim, num_classes=3)
    decoder = networks.mlp_decoder(latent_dim, units, SHAPE, num_classes=3)
    return models.ConditionalVAE(encoder, decoder, num_classes, **options)


def of_both(**options):
    widths = {"num_classes": 3, "condition_dim": 2}
    encoder, decoder = networks.mlp_encoder(SHAPE, (5,), 2, **widths), networks.mlp_decoder(2, (5,), SHAPE, **widths)
    return models.ConditionalVAE(encoder, decoder, (3, None), **options)


@pytest.mark.parametrize("k", [1, 4])
def test_without_an_effect_of_the_condition_it_is_a_vae(k):
    keras.utils.set_random_seed(0)
    model = conditional(importance_samples=k)
    vae = models.VAE(networks.mlp_encoder(SHAPE, (5,), 2), networks.mlp_decoder(2, (5,), SHAPE), importance_samples=k)
    for own, others, width in ((model.encoder, vae.encoder, 6), (model.decoder, vae.decoder, 2)):
        embedding, kernel, *rest = own.get_weights()
        kernel[width:] = 0  # the rows of the labels' vectors
        own.set_weights([embedding, kernel, *rest])
        others.set_weights([kernel[:width], *rest])
    x = ops.convert_to_tensor(X)
    values = model.negative_elbo({"x": x, "labels": ops.convert_to_tensor(LABELS)}, training=False)
    expected = vae.negative_elbo({"x": x}, training=False)
    for name, value in expected.items():
        assert float(values[name]) == pytest.approx(float(value), rel=1e-5), name


@pytest.mark.compiled
def test_the_code_keeps_the_style_and_the_condition_changes_the_class():
    """x = mean of the class + style; exchanged labels move it by the difference of the means."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(2)
    labels, style = rng.integers(0, 2, 1024), rng.standard_normal((1024, 1)).astype("float32")
    x = np.concatenate([3.0 * labels[:, None] + style, style], axis=1).astype("float32")
    encoder, decoder = (
        networks.mlp_encoder((2,), (), 1, num_classes=2),
        networks.mlp_decoder(1, (), (2,), num_classes=2),
    )
    model = models.ConditionalVAE(encoder, decoder, 2, reconstruction="gaussian")
    model.compile(keras.optimizers.Adam(0.02), jit_compile=False, steps_per_execution=8)
    model.fit(x, labels, batch_size=128, epochs=40, verbose=0)
    moved = model.decode(model.encode(x, labels), 1 - labels) - model.reconstruct(x, labels)
    np.testing.assert_allclose(moved, np.outer(3.0 * (1 - 2 * labels), [1, 0]), atol=0.5)
    assert np.abs(np.corrcoef(model.encode(x, labels)[:, 0], labels)[0, 1]) < 0.2


def test_the_bound_is_the_likelihood_of_a_linear_model_with_its_posterior():
    """x = w z + class mean + noise of unit variance: with the exact posterior every bound of any k is tight."""
    w, means = np.array([0.6, -0.8, 1.0]), np.random.default_rng(5).standard_normal((3, 3))
    variance = 1 / (1 + w @ w)
    x, y = keras.Input((3,)), keras.Input((), dtype="int32", name="labels")
    own = {name: keras.layers.Embedding(3, 3) for name in ("encoder", "decoder")}
    z_mean, z_log_var = keras.layers.Dense(1, use_bias=False), keras.layers.Dense(1)
    centred = keras.layers.Subtract()([x, own["encoder"](y)])
    encoder = keras.Model([x, y], [z_mean(centred), z_log_var(x)], name="encoder")
    z, labels = keras.Input((1,)), keras.Input((), dtype="int32", name="labels")
    spread = keras.layers.Dense(3, use_bias=False)
    decoder = keras.Model([z, labels], keras.layers.Add()([spread(z), own["decoder"](labels)]), name="decoder")
    z_mean.set_weights([variance * w[:, None]])
    z_log_var.set_weights([np.zeros((3, 1)), np.log([variance])])
    spread.set_weights([w[None]])
    for layer in own.values():
        layer.set_weights([means])
    data_x = np.random.default_rng(6).standard_normal((300, 3)).astype("float32")
    labels = np.arange(300) % 3
    expected = np.mean([
        stats.multivariate_normal(means[label], np.outer(w, w) + np.eye(3)).logpdf(one)
        for one, label in zip(data_x, labels, strict=True)
    ])  # fmt: skip
    model = models.ConditionalVAE(encoder, decoder, 3, reconstruction="gaussian", importance_samples=5)
    batch = {"x": ops.convert_to_tensor(data_x), "labels": ops.convert_to_tensor(labels)}
    assert float(model.negative_elbo(batch, False)["negative_elbo"]) == pytest.approx(-expected, abs=1e-4)
    batch["labels"] = ops.convert_to_tensor((labels + 1) % 3)
    assert float(model.negative_elbo(batch, False)["negative_elbo"]) > 0.1 - expected


def test_several_conditions_come_as_arrays_pipelines_and_dicts():
    model = of_both()
    model.compile(jit_compile=False)
    before = model.evaluate(X, (LABELS, VECTORS), verbose=0)
    assert model.evaluate((X, (LABELS, VECTORS)), verbose=0) == before
    assert model.evaluate(data.Pipeline(X, (LABELS, VECTORS)), verbose=0) == before
    assert model.evaluate({"x": X, "labels": LABELS, "condition": VECTORS}, verbose=0) == before
    assert model.evaluate(X, (1 - LABELS % 2, VECTORS), verbose=0) != before
    found = [model.evaluate(iter([(X, kind((LABELS, VECTORS)))]), verbose=0, steps=1) for kind in (tuple, list)]
    assert found[0] == found[1]
    np.testing.assert_array_equal(model.sample(2, 0, [[0, 1], VECTORS[:2]]), model.sample(2, 0, ([0, 1], VECTORS[:2])))
    model.fit(X, [LABELS.tolist(), VECTORS], validation_split=0.2, sample_weight=np.ones(40), verbose=0)
    np.testing.assert_array_equal(
        model.predict([X, LABELS, VECTORS], verbose=0), model.reconstruct(X, (LABELS, VECTORS))
    )


def test_samples_are_of_the_condition():
    model = conditional()
    np.testing.assert_array_equal(model.sample(5, seed=1), model.sample(5, seed=1, labels=[0, 1, 2, 0, 1]))
    z = model.draw_latents(2, seed=0)
    assert np.abs(model.decode(z, [0, 0]) - model.decode(z, [1, 1])).max() > 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conditional(num_classes=4), "fewer classes than the model. Expected: num_classes=4. Received: 3"),
        (lambda: conditional().encode(X, LABELS + 1), r"must be in 0..2. Received: labels in 1..3"),
        (
            lambda: conditional().decode(np.zeros((2, 2)), [0]),
            "must have a row for each example. Expected: 2. Received: 1",
        ),
        (
            lambda: conditional().predict(X, verbose=0),
            r"Expected: such as predict\(\[array, labels\]\). Received: one array",
        ),
        (
            lambda: of_both().sample(2),
            r"must give the conditions of each sample. Expected: labels=\(labels, condition\). Received: None",
        ),
        (lambda: of_both().sample(2, labels=np.array([0, 1])), r"labels=\(labels, condition\). Received: one array"),
        (lambda: of_both().sample(2, labels=([0, 1],)), r"labels=\(labels, condition\). Received: 1 part$"),
        (lambda: of_both().sample(2, labels=([0, 1], np.zeros((2, 3)))), r"`condition` does not .* shape \(n, 2\)"),
        (
            lambda: models.ConditionalVAE(
                networks.mlp_encoder(SHAPE, (), 2), networks.mlp_decoder(2, (), SHAPE, num_classes=3), 3
            ),
            r"`encoder` must map an example and its condition to \[z_mean",
        ),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_conditions_are_refused_before_training():
    model = of_both()
    model.compile()
    for y, message in (
        (LABELS, r"needs \(labels, condition\). .* Received: one array"),
        (None, "Received: x alone"),
        ((LABELS, VECTORS, VECTORS), "Received: 3 arrays"),
        ((LABELS, VECTORS[:, :1]), r"`condition` does not fit"),
        ((LABELS + 1, VECTORS), "must be in 0..2"),
        ((LABELS[:5], VECTORS), "must have a row for each example. Expected: 40. Received: 5"),
    ):
        with pytest.raises(ValueError, match=message):
            model.fit(X, y, verbose=0)
    assert int(model.optimizer.iterations) == 0
