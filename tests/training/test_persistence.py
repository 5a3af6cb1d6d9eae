import keras
import numpy as np
import pytest

from keras_gen import load_model, presets

SHAPE = (8, 8, 1)


def small():
    return presets.build("vae", SHAPE, width=0.02)


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
