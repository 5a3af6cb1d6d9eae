import keras
import numpy as np
import pytest

from keras_gen import load_model, models, networks, presets

SHAPE = (8, 8, 1)


@keras.saving.register_keras_serializable(package="tests")
class OfParts(models.Autoencoder):
    """An autoencoder with an argument that is a dict of layers."""

    def __init__(self, encoder, decoder, parts, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.parts = parts


def small():
    return presets.build("vae", SHAPE, width=0.02)


def test_arguments_may_be_dicts_of_layers(tmp_path):
    pair = networks.mlp_autoencoder([(4,), 2])
    model = OfParts(*pair, {"first": keras.layers.Dense(3), "numbers": [1, 2.5]})
    model.save(tmp_path / "model.keras")
    parts = load_model(tmp_path / "model.keras").parts
    assert parts["first"].units == 3 and list(parts["numbers"]) == [1, 2.5]


def test_a_failed_save_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path, model = tmp_path / "model.keras", small()
    model.save(path)
    before = path.read_bytes()

    def broken(self, filepath, **_):
        with open(filepath, "wb") as file:
            file.write(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "save", broken)
    with pytest.raises(KeyboardInterrupt):
        model.save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.keras"]


def test_weights_files_keep_the_random_state_too(tmp_path, digits):
    model = small()
    model.fit(digits, batch_size=8, verbose=0)
    model.save_weights(tmp_path / "all.weights.h5")
    other = small()
    other.load_weights(tmp_path / "all.weights.h5")
    assert (other.order_seed, other.epochs_completed) == (model.order_seed, 1)
    np.testing.assert_array_equal(other.seed_generator.state.numpy(), model.seed_generator.state.numpy())


def test_older_files_hold_no_place_in_an_epoch():
    model, store = small(), {}
    model.epochs_completed = 2
    model.save_own_variables(store)
    store["order"] = store["order"][:2]
    other = small()
    other.load_own_variables(store)
    assert other.epochs_completed == 2 and other.place_in_epoch.steps == 0


def test_the_choice_of_compiler_is_made_anew_on_the_machine_that_loads(tmp_path):
    model = small()
    assert model.get_compile_config()["jit_compile"] == "auto"
    model.compile("adam", jit_compile=False, steps_per_execution=3)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert (again.jit_compile, again.steps_per_execution) == (False, 3)


def test_an_uncompiled_model_comes_back_uncompiled(tmp_path):
    model = small()
    model.save(tmp_path / "model.keras")
    assert load_model(tmp_path / "model.keras").compiled
    assert not load_model(tmp_path / "model.keras", compile=False).compiled
    type(model)(model.encoder, model.decoder).save(tmp_path / "model.keras")
    assert not load_model(tmp_path / "model.keras").compiled


def test_a_learning_rate_that_a_callback_set_is_kept(tmp_path):
    model = small()
    model.optimizer.learning_rate = 0.125
    model.save(tmp_path / "model.keras")
    assert float(load_model(tmp_path / "model.keras").optimizer.learning_rate) == 0.125


def test_set_random_seed_fixes_the_order_of_the_data():
    keras.utils.set_random_seed(4)
    first = small().order_seed
    assert small().order_seed != first
    keras.utils.set_random_seed(4)
    assert small().order_seed == first


def networks_of_a_vae():
    return networks.mlp_encoder(SHAPE, (4,), 2), networks.mlp_decoder(2, (4,), SHAPE)


@keras.saving.register_keras_serializable("keras_gen_tests")
class Handing(models.VAE):
    """Hands all that it does not know on to its base."""

    def __init__(self, *args, temperature=1.0, **kw):
        super().__init__(*args, **kw)
        self.temperature = temperature


@keras.saving.register_keras_serializable("keras_gen_tests")
class Further(Handing):
    def __init__(self, encoder, decoder, extra=0, **kwargs):
        super().__init__(encoder, decoder, **kwargs)
        self.extra = extra


@pytest.mark.parametrize(("kind", "own"), [(Handing, {}), (Further, {"extra": 7})])
def test_arguments_of_a_subclass_and_of_its_bases_come_back(kind, own, tmp_path):
    model = kind(*networks_of_a_vae(), beta=4.0, temperature=0.5, reconstruction="gaussian", **own)
    model.save(tmp_path / "model.keras")
    again = load_model(tmp_path / "model.keras")
    assert type(again) is kind and (again.beta, again.temperature, again.reconstruction) == (4.0, 0.5, "gaussian")
    assert all(getattr(again, name) == value for name, value in own.items())


def test_arguments_that_no_file_could_hold_are_refused_when_the_model_is_built():
    class Forgetful(models.VAE):
        def __init__(self, encoder, decoder, temperature=1.0):
            super().__init__(encoder, decoder)

    class Unnamed(models.VAE):
        def __init__(self, *networks):
            super().__init__(*networks)

    with pytest.raises(ValueError, match="`Forgetful.__init__` must store.*Expected: self.temperature = temperature"):
        Forgetful(*networks_of_a_vae())
    with pytest.raises(ValueError, match=r"`Unnamed.__init__` must take arguments that have names.*\*networks"):
        Unnamed(*networks_of_a_vae())


def test_a_layer_of_two_networks_is_refused_by_its_name():
    shared = keras.layers.Dense(4, name="shared")
    x, z = keras.Input((4,)), keras.Input((4,))
    with pytest.raises(ValueError, match="must not share layers.* layer 'shared' in both 'enc' and 'dec'"):
        models.Autoencoder(keras.Model(x, shared(x), name="enc"), keras.Model(z, shared(z), name="dec"))


def test_an_embedding_of_both_networks_of_a_conditional_gan_is_refused_by_its_name():
    embedding = keras.layers.Embedding(3, 4, name="classes")

    def network(name, width):
        inputs, labels = keras.Input((width,)), keras.Input((), dtype="int32")
        joined = keras.layers.Concatenate()([inputs, embedding(labels)])
        return keras.Model([inputs, labels], keras.layers.Dense(6 if name == "generator" else 1)(joined), name=name)

    with pytest.raises(ValueError, match="layer 'classes' in both 'critic' and 'generator'"):
        models.ConditionalGAN(network("generator", 2), network("critic", 6), 2, 3)
