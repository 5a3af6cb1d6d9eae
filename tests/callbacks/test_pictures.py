import numpy as np
import pytest
from PIL import Image

from keras_gen import callbacks, presets


def test_a_picture_every_n_epochs_from_the_same_latents(digits, tmp_path):
    model = presets.build("vae", (8, 8, 1), width=0.02)
    before = model.seed_generator.state.numpy()
    model.fit(digits, epochs=4, callbacks=[callbacks.SampleImages(tmp_path, every=2, n=4)], batch_size=28, verbose=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["samples-0002.png", "samples-0004.png"]
    assert np.asarray(Image.open(tmp_path / "samples-0002.png")).std() > 0
    steps = model.seed_generator.state.numpy() - before
    assert steps[1] == 4, "sampling must not move the training's random state"


@pytest.mark.parametrize(("arguments", "least"), [({"every": 0}, 1), ({"n": 0}, 1), ({"seed": -1}, 0)])
def test_bad_input(arguments, least, tmp_path):
    with pytest.raises(ValueError, match=f"must be an integer >= {least}"):
        callbacks.SampleImages(tmp_path, **arguments)


def test_translations_every_n_epochs(digits, tmp_path):
    x, y = 2 * digits - 1, 1 - 2 * digits
    model = presets.build("cyclegan", (8, 8, 1), width=0.03, blocks=1)
    model.compile("sgd", run_eagerly=True)
    watcher = callbacks.TranslationImages(tmp_path, x[:3], y[:2], every=2)
    model.fit(x[:8], y[:8], batch_size=8, epochs=3, callbacks=[watcher], verbose=0)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["x-to-y-0002.png", "y-to-x-0002.png"]
    assert all(np.asarray(Image.open(tmp_path / name)).std() > 0 for name in names)


def test_translations_need_a_model_that_translates(digits, tmp_path):
    with pytest.raises(ValueError, match="`TranslationImages` needs a model with the task 'translate'.* Received: VAE"):
        presets.build("vae", (8, 8, 1), width=0.02).fit(
            digits, callbacks=[callbacks.TranslationImages(tmp_path, digits, digits)], verbose=0
        )
    with pytest.raises(ValueError, match="`every` must be an integer >= 1"):
        callbacks.TranslationImages(tmp_path, digits, digits, every=0)


def test_translations_are_of_images_that_the_model_takes_before_an_epoch_is_spent(digits, tmp_path):
    model, x = presets.build("cyclegan", (8, 8, 1), width=0.03, blocks=1), 2 * digits - 1
    with pytest.raises(ValueError, match="`TranslationImages` got images that do not fit. `y` is out of range"):
        model.fit(x, -x, callbacks=[callbacks.TranslationImages(tmp_path, x, 300 * digits)], verbose=0)
    assert model.epochs_completed == 0
