import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_gen import callbacks, plots, presets
from keras_gen.callbacks.pictures import sample_rows


def test_a_picture_every_n_epochs_from_the_same_latents(digits, tmp_path):
    model = presets.build("vae", (8, 8, 1), width=0.02)
    before = model.seed_generator.state.numpy()
    model.fit(digits, epochs=4, callbacks=[callbacks.SampleImages(tmp_path, every=2, n=4)], batch_size=28, verbose=0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["samples-0002.png", "samples-0004.png"]
    assert np.asarray(Image.open(tmp_path / "samples-0002.png")).std() > 0
    steps = model.seed_generator.state.numpy() - before
    assert steps[1] == 4, "sampling must not move the training's random state"


def test_classes_have_a_row_each_with_their_names(digits, labels, tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(plots, "image_grid", lambda *given, **named: drawn.append((given, named)) or Figure())
    model = presets.build("conditional-gan", (8, 8, 1), width=0.02, num_classes=10)
    watcher = callbacks.SampleImages(tmp_path, class_names=("cow", "cat"))
    model.fit(2 * digits - 1, labels, callbacks=[watcher], batch_size=28, verbose=0)
    ((images, columns, value_range, title, names), _), expected = drawn[0], model.sample(20, 0, np.tile([0, 1], 10))
    np.testing.assert_array_equal(images, np.concatenate([expected[::2], expected[1::2]]))
    assert (columns, value_range, names) == (10, (-1, 1), ["cow", "cat"])
    assert title == "samples of ConditionalGAN after 1 epoch"


@pytest.mark.parametrize(
    ("n", "classes", "columns", "names"),
    [
        (64, 3, 22, ["0", "1", "2"]),  # 22, 21 and 21 of each
        (100, 2, 25, ["0", "", "1", ""]),  # 50 of each are too wide for one row
        (2, 3, 1, ["0", "1"]),
        (9, 1, 3, []),
        (64, 41, 8, []),
    ],
)
def test_each_class_has_a_row_in_the_given_order(n, classes, columns, names):
    class Painter:
        value_range, epochs_completed = (0, 1), 0

        def sample(self, n, seed, labels):
            return np.broadcast_to(labels[:, None, None, None] / 64, (n, 8, 8, 1))

    labels = np.resize(np.arange(classes), n)
    figure = sample_rows(Painter(), n, labels=labels, class_names=range(classes))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == names
    sheet = figure.axes[0].images[0].get_array()[1::9, 1::9]
    assert sheet.shape[1] == columns
    if names:
        rows = sheet.reshape(min(n, classes), -1)
        for label, row in enumerate(rows):
            own = int((labels == label).sum())
            np.testing.assert_array_equal(row, [label / 64] * own + [1] * (len(row) - own))


def test_one_class_is_named_in_the_title(tmp_path):
    model = presets.build("conditional-gan", (8, 8, 1), width=0.02, num_classes=3)
    title = sample_rows(model, 4, labels=np.ones(4, int), class_names=("cat",)).axes[0].get_title()
    assert title.replace("\n", " ") == "samples of ConditionalGAN after 0 epochs, class cat"


@pytest.mark.parametrize(("preset", "most"), [("vae", 0), ("conditional-gan", 2)])
def test_more_names_than_classes_are_refused_before_an_epoch_is_spent(preset, most, digits, tmp_path):
    options = {"num_classes": most} if most else {}
    model = presets.build(preset, (8, 8, 1), width=0.02, **options)
    watcher = callbacks.SampleImages(tmp_path, class_names="abc")
    watcher.set_model(model)
    with pytest.raises(ValueError, match=f"of the model's classes. Expected: at most {most} names. Received: 3"):
        watcher.on_train_begin()


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
