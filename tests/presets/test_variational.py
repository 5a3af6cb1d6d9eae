import keras
import pytest

from keras_gen import presets


@pytest.mark.parametrize("name", ["vae", "convolutional-vae", "burda-vae"])
def test_arguments_of_the_model_reach_it(name):
    options = {"latent_dim": 3, "width": 0.05, "learning_rate": 0.25, "reconstruction": "gaussian", "beta": 1}
    model = presets.build(name, (8, 8, 1), importance_samples=2, **options)
    assert (model.latent_dim, model.reconstruction, model.importance_samples) == (3, "gaussian", 2)
    assert float(model.optimizer.learning_rate) == 0.25
    with pytest.raises(ValueError, match="Unknown reconstruction. Did you mean 'gaussian'"):
        presets.build(name, (8, 8, 1), width=0.05, reconstruction="gauss")


def test_the_decoder_mirrors_the_encoder():
    model = presets.vae((8, 8, 1), units=(40, 20), width=0.5)
    units = [[layer.units for layer in network.layers if isinstance(layer, keras.layers.Dense)]
             for network in (model.encoder, model.decoder)]  # fmt: skip
    assert units == [[20, 10, 2, 2], [10, 20, 64]]
    model = presets.convolutional_vae((8, 8, 1), filters=(4, 8))
    assert [layer.filters for layer in model.encoder.layers if hasattr(layer, "filters")] == [4, 8]
    assert [layer.filters for layer in model.decoder.layers if hasattr(layer, "filters")] == [8, 4, 1]


def test_the_network_of_burda_et_al():
    model = presets.burda_vae((8, 8, 1))
    hidden = [layer for layer in model.encoder.layers if getattr(layer, "units", 0) == 200]
    assert model.latent_dim == 50 and [layer.activation.__name__ for layer in hidden] == ["tanh", "tanh"]
