import keras
import numpy as np
import pytest
from keras import ops

from keras_gen import backend, layers, losses
from tests.gradients import assert_gradient

X = np.random.default_rng(0).standard_normal((20, 30)).astype("float32")


def test_the_k_largest_pass_and_only_they_receive_the_gradient():
    kept = np.asarray(layers.KSparse(4)(X))
    for row, given in zip(kept, X, strict=True):
        expected = np.where(np.isin(np.arange(30), np.argsort(given)[-4:]), given, 0)
        np.testing.assert_array_equal(row, expected)
    gradient = backend.input_gradient(lambda x: ops.square(layers.KSparse(4)(x)), ops.convert_to_tensor(X))
    np.testing.assert_allclose(gradient, 2 * kept, rtol=1e-6)


def test_of_equal_activations_no_more_than_k_pass():
    kept = np.asarray(layers.KSparse(3)(np.array([[1, 1, 0, 1, 1, 2]], "float32")))
    np.testing.assert_array_equal(kept, [[1, 1, 0, 0, 0, 2]])


def test_nan_stays_nan_in_the_code_and_in_the_loss():
    code = np.asarray(layers.KSparse(2)(np.full((2, 5), np.nan, "float32")))
    assert np.isnan(code).all()
    mixed = np.array([[1, np.nan, 3, 2, 0], [1, 5, 3, 2, 0]], "float32")
    kept = np.asarray(layers.KSparse(2)(mixed))
    assert np.isnan(kept[0, 1])
    np.testing.assert_array_equal(kept[1], [0, 5, 3, 0, 0])
    assert np.isnan(losses.squared_error(np.ones((2, 5)), code)).all()


def test_the_number_in_force_is_a_saved_variable(tmp_path):
    inputs = keras.Input((30,))
    model = keras.Model(inputs, layers.KSparse(2, first_k=9)(inputs))
    assert ((np.asarray(model(X)) != 0).sum(axis=1) == 9).all()
    model.layers[-1].current_k.assign(5)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert ((np.asarray(again(X)) != 0).sum(axis=1) == 5).all()
    assert (again.layers[-1].k, again.layers[-1].first_k) == (2, 9)


def test_a_k_larger_than_the_layer_is_refused():
    with pytest.raises(ValueError, match="`k` must not be larger than the layer. Expected: at most 30. Received: 31"):
        layers.KSparse(31)(X)
    with pytest.raises(ValueError, match="`first_k` must not be larger than the layer. .* at most 30. Received: 40"):
        layers.KSparse(2, first_k=40)(X)
    with pytest.raises(ValueError, match="`k` must be an integer >= 1. Received: k=0"):
        layers.KSparse(0)
    with pytest.raises(ValueError, match="`first_k` must be an integer >= 5"):
        layers.KSparse(5, first_k=4)


def test_penalties_are_their_formulas():
    code = np.random.default_rng(1).random((50, 6)).astype("float32")
    np.testing.assert_allclose(
        float(layers.L1Sparsity(0.2)(code - 0.5)), 0.2 * np.abs(code - 0.5).sum() / 50, rtol=1e-5
    )
    expected = 4 * np.sum(losses.sparsity_kl(0.1, ops.convert_to_tensor(code.mean(axis=0))))
    np.testing.assert_allclose(float(layers.KLSparsity(0.1, 4)(code)), expected, rtol=1e-5)


@pytest.mark.parametrize("penalty", [layers.L1Sparsity(0.2), layers.KLSparsity(0.1, 4)])
def test_penalties_come_back_from_their_config(penalty):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(penalty))
    assert type(again) is type(penalty) and again.get_config() == penalty.get_config()


@pytest.mark.parametrize("rho", [0, 1, -0.1])
def test_bad_rho(rho):
    with pytest.raises(ValueError, match="`rho` must be"):
        layers.KLSparsity(rho)


def test_gradients_are_finite_differences():
    x = np.random.default_rng(0).permutation(40).reshape(4, 10).astype("float32") / 20 - 1.01  # no two near each other
    for function in (layers.KSparse(3), layers.L1Sparsity(0.5)):
        assert_gradient(function, x, step=2e-3)
    assert_gradient(layers.KLSparsity(0.2, 2.0), 0.3 + 0.1 * x, step=2e-3)
