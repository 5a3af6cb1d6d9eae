import pytest

from keras_gen import networks


def test_parameters_follow_the_formula():
    encoder = networks.mlp_encoder((28, 28, 1), (400, 20), 3)
    decoder = networks.mlp_decoder(3, (20, 400), (28, 28, 1))
    assert encoder.count_params() == 785 * 400 + 401 * 20 + 2 * 21 * 3
    assert decoder.count_params() == 4 * 20 + 21 * 400 + 401 * 784


def test_without_hidden_layers_it_is_linear():
    assert networks.mlp_encoder((4,), (), 2).count_params() == 2 * (4 * 2 + 2)


def test_heads_and_activations():
    decoder = networks.mlp_decoder(2, (5,), (3,), output_activation="tanh", heads=2)
    assert [output.shape for output in decoder.outputs] == [(None, 3), (None, 3)]
    activations = [layer.activation.__name__ for layer in decoder.layers if hasattr(layer, "activation")]
    assert activations == ["relu", "tanh", "linear"]


@pytest.mark.parametrize("arguments", [{"units": (0,)}, {"latent_dim": 0}, {"units": (2.5,)}])
def test_bad_widths(arguments):
    with pytest.raises(ValueError, match="must be an integer >= 1. Received: "):
        networks.mlp_encoder(**{"input_shape": (4,), "units": (3,), "latent_dim": 2, **arguments})


def test_a_single_width_is_told():
    with pytest.raises(ValueError, match=r"`units` must be a tuple of widths. Expected: such as \(32,\)"):
        networks.mlp_encoder((4,), 32, 2)
