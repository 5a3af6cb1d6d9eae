import keras
import numpy as np
import pytest
from keras import ops
from scipy import stats

from keras_gen import backend, data, losses, models, networks, presets

SHAPE = (8, 8, 1)


def vae(latent_dim=2, **options):
    return models.VAE(
        networks.mlp_encoder(SHAPE, (6,), latent_dim), networks.mlp_decoder(latent_dim, (6,), SHAPE), **options
    )


class Linear:
    """A linear Gaussian model, x = W z + b + noise of unit variance, whose exact likelihood is known.

    With the exact posterior for an encoder every bound is tight.
    """

    def __init__(self):
        rng = np.random.default_rng(0)
        self.w, self.b = rng.standard_normal((3, 1)), rng.standard_normal(3)
        self.variance = 1 / (1 + (self.w**2).sum())  # of the posterior of the one code
        self.x = rng.standard_normal((200, 3)).astype("float32")

    def model(self, **options):
        model = models.VAE(networks.mlp_encoder((3,), (), 1), networks.mlp_decoder(1, (), (3,)), "gaussian", **options)
        mean, log_var = (model.encoder.get_layer(name) for name in ("z_mean", "z_log_var"))
        mean.set_weights([self.variance * self.w, -self.variance * self.w.T @ self.b])
        log_var.set_weights([np.zeros((3, 1)), np.log([self.variance])])
        dense = [layer for layer in model.decoder.layers if layer.weights]
        dense[0].set_weights([self.w.T, self.b])
        return model

    def log_likelihood(self, x):
        return stats.multivariate_normal(self.b, self.w @ self.w.T + np.eye(3)).logpdf(x)


@pytest.mark.parametrize("k", [1, 5])
def test_the_bound_is_the_likelihood_where_the_posterior_is_exact(k):
    exact = Linear()
    x = np.tile(exact.x, (200, 1))  # many draws, for the one-sample bound is tight only in the mean
    bound = float(
        exact.model(importance_samples=k).negative_elbo({"x": x, "target": x}, training=False)["negative_elbo"]
    )
    np.testing.assert_allclose(bound, -exact.log_likelihood(exact.x).mean(), atol=0.02 if k == 1 else 1e-4)


def test_more_importance_samples_tighten_the_bound():
    exact, bounds = Linear(), []
    x = ops.convert_to_tensor(np.tile(exact.x, (50, 1)))
    for k in (1, 2, 10, 100):
        model = exact.model(importance_samples=k)
        model.encoder.get_layer("z_mean").set_weights([np.zeros((3, 1)), np.zeros(1)])  # a wrong posterior
        bounds.append(float(model.negative_elbo({"x": x, "target": x}, training=False)["negative_elbo"]))
    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] > -exact.log_likelihood(exact.x).mean() - 0.02


def test_the_loss_is_reconstruction_plus_weighted_kl():
    model = vae(beta=3.0)
    model.kl_weight.assign(0.5)
    x = ops.convert_to_tensor(np.random.default_rng(0).random((16, *SHAPE)).astype("float32"))
    for training, weight in ((True, 0.5), (False, 3.0)):
        values = {name: float(v) for name, v in model.negative_elbo({"x": x, "target": x}, training=training).items()}
        assert list(values) == ["negative_elbo", "reconstruction", "kl"]
        np.testing.assert_allclose(values["negative_elbo"], values["reconstruction"] + weight * values["kl"], rtol=1e-6)
    kl = losses.gaussian_kl(*model.encoder(x))
    np.testing.assert_allclose(values["kl"], np.mean(kl), rtol=1e-6)


def test_the_gradient_of_the_loss_is_the_finite_difference():
    model = vae()
    x = ops.convert_to_tensor(np.random.default_rng(0).random((64, *SHAPE)).astype("float32"))
    bias = model.encoder.get_layer("z_log_var").bias

    def loss():
        model.evaluation_seed_generator.restart()  # the same noise each time
        return model.negative_elbo({"x": x, "target": x}, training=False)["negative_elbo"]

    _, (gradient,) = backend.value_and_grad(lambda: (loss(), None), [bias])
    for place in range(2):
        step = 0.05 * np.eye(2, dtype="float32")[place]
        ends = []
        for sign in (1, -1):
            bias.assign(sign * step)
            ends.append(float(loss()))
        bias.assign(np.zeros(2))
        np.testing.assert_allclose(gradient[place], (ends[0] - ends[1]) / 0.1, rtol=2e-2, atol=2e-3)


@pytest.mark.compiled
def test_training_lowers_the_loss_on_real_digits():
    train, test = data.load("digits")
    model = presets.build("vae", SHAPE, width=0.2)
    model.compile("adam", jit_compile=False, steps_per_execution=45)
    before = model.evaluate(test.x, verbose=0, return_dict=True)["loss"]
    model.fit(train.x, batch_size=32, epochs=10, verbose=0)
    assert model.evaluate(test.x, verbose=0, return_dict=True)["loss"] < before - 10


def test_methods_take_and_give_numpy_and_leave_the_random_state_alone(digits):
    model = vae()
    before = model.seed_generator.state.numpy()
    z = model.encode(digits)
    assert z.dtype == np.float32 and z.shape == (28, 2)
    np.testing.assert_allclose(model.reconstruct(digits), model.predict(digits, verbose=0), rtol=1e-5)
    np.testing.assert_allclose(model.decode(z), ops.sigmoid(model.decoder(z)), rtol=1e-5)
    samples = model.sample(5, seed=1)
    np.testing.assert_array_equal(samples, model.sample(5, seed=1))
    assert not np.array_equal(samples, model.sample(5, seed=2))
    assert samples.min() >= 0 and samples.max() <= 1 and isinstance(samples, np.ndarray)
    assert not np.array_equal(model.sample(5), model.sample(5))
    np.testing.assert_array_equal(model.seed_generator.state.numpy(), before)


def test_kl_per_dimension_adds_up_and_shows_an_unused_latent(digits):
    model = vae(latent_dim=3)
    for name in ("z_mean", "z_log_var"):
        kernel, bias = model.encoder.get_layer(name).get_weights()
        kernel[:, 1] = 0  # the second latent does not look at the image
        model.encoder.get_layer(name).set_weights([kernel, bias])
    kl = model.kl_per_dimension(digits)
    assert kl.shape == (3,) and abs(kl[1]) < 1e-6 and kl[0] > 1e-6
    np.testing.assert_allclose(kl.sum(), np.mean(losses.gaussian_kl(*model.posterior(digits))), rtol=1e-5)


def test_gaussian_decoders_give_means():
    x = np.random.default_rng(0).standard_normal((20, 3)).astype("float32") * 5
    encoder, decoder = networks.mlp_encoder((3,), (), 2), networks.mlp_decoder(2, (), (3,), heads=2)
    model = models.VAE(encoder, decoder, "gaussian")
    np.testing.assert_allclose(model.decode(model.encode(x)), decoder(model.encode(x))[0], rtol=1e-5)
    model.compile("adam", jit_compile=False)
    assert np.isfinite(model.fit(x, verbose=0).history["loss"]).all()


def _decoder(activation):
    return networks.mlp_decoder(2, (), SHAPE, output_activation=activation)


ENCODER = networks.mlp_encoder(SHAPE, (), 2)
SINGLE = keras.Model(ENCODER.input, ENCODER.outputs[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"decoder": networks.mlp_decoder(3, (), SHAPE)},
            r"take the encoder's code. Expected: inputs of shapes \[\(2,\)\]. Received: \[\(3,\)\]",
        ),
        ({"decoder": networks.mlp_decoder(2, (), (8, 7, 1))}, r"Expected: \(8, 8, 1\). Received: \[\(8, 7, 1\)\]"),
        ({"decoder": networks.mlp_decoder(2, (), SHAPE, heads=2)}, "must give the encoder's input shape"),
        ({"decoder": _decoder("sigmoid")}, "must end in logits.*Received: activation 'sigmoid'"),
        ({"decoder": _decoder("hard_sigmoid")}, "must end in logits.*Received: activation 'hard_sigmoid'"),
        ({"encoder": SINGLE}, r"to \[z_mean, z_log_var\] of equal shape.* outputs of shapes \[\(2,\)\]"),
        ({"encoder": keras.Sequential([keras.layers.Dense(2)])}, "`encoder` must know its shapes"),
        ({"reconstruction": "bernouli"}, "Unknown reconstruction. Did you mean 'bernoulli'"),
        ({"beta": -1}, "`beta` must be a finite number >= 0.0. Received: beta=-1"),
        ({"importance_samples": 0}, "`importance_samples` must be an integer >= 1"),
        (
            {"beta": 2.0, "importance_samples": 5},
            "`beta` must be 1 with several.*Received: beta=2.0, importance_samples=5",
        ),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        models.VAE(**{"encoder": ENCODER, "decoder": networks.mlp_decoder(2, (), SHAPE), **arguments})


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.full((4, *SHAPE), 255), r"Expected: values in \[0, 1\]. Received: values in \[255, 255\]. .*x / 255"),
        (np.zeros((4, 8, 8)), r"does not fit the network. Expected: shape \(n, 8, 8, 1\). Received: shape \(4, 8, 8\)"),
        (np.full((4, *SHAPE), np.nan), "must be finite"),
        (np.zeros((0, *SHAPE)), "at least one example"),
    ],
)
def test_bad_data_is_refused_by_fit_evaluate_and_the_methods(x, message):
    import tensorflow as tf

    model = vae()
    model.compile("adam")
    calls = [model.fit, model.evaluate, model.encode, model.reconstruct]
    for call in [*calls, *(lambda x, c=c: c(tf.data.Dataset.from_tensors(x)) for c in calls[:2] if len(x))]:
        with pytest.raises(ValueError, match=message):
            call(x)


def test_range_is_checked_where_the_last_activation_tells_it():
    x = np.full((4, *SHAPE), 0.5, "float32")
    for activation, low in (("tanh", -1), ("sigmoid", 0), (None, -5)):
        model = models.VAE(networks.mlp_encoder(SHAPE, (), 2), _decoder(activation), "gaussian")
        model.data_description.check(x * 0 + low)
        if activation:
            with pytest.raises(ValueError, match="out of range"):
                model.data_description.check(x * 0 + low - 0.1)


def test_labels_are_ignored_and_codes_checked(digits):
    model = vae()
    model.compile("adam", jit_compile=False)
    model.fit(digits, np.zeros(28, int), validation_data=(digits, np.zeros(28, int)), verbose=0)
    with pytest.raises(
        ValueError, match=r"`z` does not fit the network. Expected: shape \(n, 2\). Received: shape \(4, 3\)"
    ):
        model.decode(np.zeros((4, 3)))
    with pytest.raises(ValueError, match="`n` must be an integer >= 1. Received: n=0"):
        model.sample(0)
