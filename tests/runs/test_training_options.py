import keras
import numpy as np
import pytest
from PIL import Image

from keras_gen import callbacks, data, models, presets
from keras_gen.runs import Settings
from keras_gen.runs.training_options import TrainingContext, callbacks_of, image_sets, options_of, with_few_labels


def of(name, tmp_path, **options):
    """The types of the callbacks of a training."""
    own = {option: one.default for option, one in options_of(name).items()}
    settings = Settings(name, options={**own, **options})
    return [type(one) for one in callbacks_of(TrainingContext(tmp_path, settings, None, (None, None)))]


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_has_its_own_options_and_those_of_its_tasks(name):
    tasks, options = presets.PRESETS[name].model.tasks, options_of(name)
    assert set(presets.PRESETS[name].arguments) <= set(options) and all(one.help for one in options.values())
    assert issubclass(presets.PRESETS[name].model, models.VAE) == ("kl_warmup" in options)
    for task, option in (("sample", "sample_every"), ("translate", "constant_epochs")):
        assert (task in tasks) == (option in options)
    assert {"size", "channels"} <= set(options) and ("translate" in tasks) == ("x" in options)
    assert (name == "stacked") == ("pretrain_epochs" in options)


def test_few_labels_are_kept_of_each_class_and_repeated():
    y = np.arange(400) % 4
    split = data.Split(np.arange(400.0).reshape(400, 1, 1, 1), y, None)
    assert with_few_labels(split, 0) is split
    few = with_few_labels(split, 8)
    assert len(few.x) == 400 + 40 - 8, "a tenth of the examples has a label"
    known = few.y >= 0
    assert known.sum() == 40 and sorted(set(few.x[known].ravel())) == list(range(8))
    np.testing.assert_array_equal(few.y[known], few.x[known].ravel() % 4)
    np.testing.assert_array_equal(few.x[:400], split.x)
    for number in (3, 401):
        with pytest.raises(ValueError, match=f"--labelled .* Expected: 4 to 400, or 0 for all. Received: {number}"):
            with_few_labels(split, number)


def test_options_become_callbacks(tmp_path):
    always, quiet = callbacks.StopAfter, {"doctor": False}
    assert of("vae", tmp_path) == [always, callbacks.TrainingDoctor]
    some = {"kl_warmup": 3, "sample_every": 2}
    assert of("vae", tmp_path, **some, **quiet) == [always, callbacks.KLWarmup, callbacks.SampleImages]
    assert of("gan", tmp_path, sample_every=2, **quiet) == [always, callbacks.SampleImages]
    assert of("cyclegan", tmp_path, **quiet) == [always, callbacks.LinearDecay]
    assert of("stacked", tmp_path, pretrain_epochs=0, **quiet) == [always]
    assert of("lenet5", tmp_path, minutes=0.5, tensorboard=True) == [
        always, keras.callbacks.TensorBoard, callbacks.TrainingDoctor
    ]  # fmt: skip
    named = Settings("conditional-gan", options={"sample_every": 1}, class_names=("cow", "cat"))
    assert callbacks_of(TrainingContext(tmp_path, named, None))[-1].class_names == ("cow", "cat")
    with pytest.raises(ValueError, match="`--minutes` must be a finite number > 0. Received: --minutes=0"):
        of("vae", tmp_path, minutes=0.0)
    with pytest.raises(ValueError, match="--kl-warmup needs a separate KL. Expected: --importance-samples 1"):
        of("burda-vae", tmp_path, kl_warmup=3, importance_samples=5)


def doctor_of(name, tmp_path, *arrays, epochs=50):
    options = {option: one.default for option, one in options_of(name).items()}
    settings = Settings(name, epochs=epochs, options=options)
    found = callbacks_of(TrainingContext(tmp_path, settings, data.Pipeline(*arrays)))
    return next(one for one in found if isinstance(one, callbacks.TrainingDoctor))


def test_the_doctor_is_given_examples_that_differ_from_all_over_the_data(tmp_path):
    x, classes = np.arange(400.0).reshape(400, 1) / 400, np.repeat([0, 1], 200)
    doctor = doctor_of("vae", tmp_path, x)
    assert len(doctor.reference.x) == 64 and (doctor.reference.x.min(), doctor.reference.x.max()) == (
        0,
        np.float32(0.9975),
    )
    assert doctor_of("vae", tmp_path, 0 * x).reference.x is None
    assert doctor_of("gan", tmp_path, x).reference.x is None and doctor_of("gan", tmp_path, -x).reference.x is not None
    assert doctor_of("lenet5", tmp_path, x, classes).reference.labels is None
    assert set(doctor_of("conditional-gan", tmp_path, -x, classes).reference.labels) == {0, 1}
    assert doctor_of("conditional-gan", tmp_path, -x[::200], classes[::200]).reference.x is None
    assert [doctor_of("vae", tmp_path, x, epochs=epochs).patience for epochs in (1, 20, 50)] == [1, 2, 3]


def test_grey_and_colour_can_be_made_alike(tmp_path):
    for side, mode in (("x", "RGB"), ("y", "L")):
        (tmp_path / side).mkdir()
        Image.new(mode, (12, 12)).save(tmp_path / side / "0.png")
    sets = str(tmp_path / "x"), str(tmp_path / "y")
    assert image_sets(Settings("cyclegan", "pairs"), *sets, size=8, channels=1).shapes == ((8, 8, 1), (8, 8, 1))
    with pytest.raises(ValueError, match="must have the same channels. .* Received: 3 in x, 1 in y"):
        image_sets(Settings("cyclegan", "pairs"), *sets, size=8)


def test_image_sets_are_checked_before_they_are_read():
    settings = Settings("cyclegan", "pairs")
    with pytest.raises(ValueError, match="--x is missing"):
        image_sets(settings)
    with pytest.raises(ValueError, match="--size must be divisible by 4. Expected: such as 32. Received: 30"):
        image_sets(settings, "nowhere", size=30)
