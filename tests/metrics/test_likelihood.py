import numpy as np
import pytest

from keras_gen import metrics
from tests.models.test_vae import Linear


def test_it_is_exact_where_the_posterior_is():
    exact = Linear()
    values = metrics.log_likelihoods(exact.model(), exact.x, samples=3)
    np.testing.assert_allclose(values, exact.log_likelihood(exact.x), atol=1e-4)


@pytest.mark.compiled
def test_it_converges_to_the_likelihood_with_a_wrong_posterior():
    exact = Linear()
    model = exact.model()
    model.encoder.get_layer("z_log_var").set_weights([np.zeros((3, 1)), np.zeros(1)])
    truth = -exact.log_likelihood(exact.x).mean()
    few, many = (metrics.negative_log_likelihood(model, exact.x, n, decoder_batch_size=30_000)[0] for n in (2, 3000))
    assert many < few and abs(many - truth) < 0.02


def test_chunks_and_batches_change_only_the_draws():
    exact = Linear()
    for samples, rows in ((35, 50), (7, 21), (51, 500)):
        values = metrics.log_likelihoods(exact.model(), exact.x[:23], samples=samples, decoder_batch_size=rows)
        np.testing.assert_allclose(values, exact.log_likelihood(exact.x[:23]), atol=1e-4)


def test_standard_error_is_that_of_the_mean():
    exact = Linear()
    nll, error = metrics.negative_log_likelihood(exact.model(), exact.x, samples=2)
    values = exact.log_likelihood(exact.x)
    np.testing.assert_allclose([nll, error], [-values.mean(), values.std(ddof=1) / np.sqrt(len(values))], rtol=1e-4)


def test_the_training_state_is_untouched_and_the_seed_decides():
    exact = Linear()
    model = exact.model()
    before = model.seed_generator.state.numpy()
    model.encoder.get_layer("z_log_var").set_weights([np.zeros((3, 1)), np.zeros(1)])
    first, again, other = (metrics.log_likelihoods(model, exact.x, samples=2, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(model.seed_generator.state.numpy(), before)


@pytest.mark.parametrize(
    "arguments", [{"samples": 0}, {"decoder_batch_size": 0}, {"seed": -1}, {"x": np.zeros((2, 4))}]
)
def test_bad_input(arguments):
    exact = Linear()
    with pytest.raises(ValueError, match="Received: "):
        metrics.log_likelihoods(**{"model": exact.model(), "x": exact.x, **arguments})
