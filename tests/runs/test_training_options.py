import pytest
from PIL import Image

from keras_gen import callbacks, presets
from keras_gen.runs import Settings
from keras_gen.runs.training_options import TrainingContext, callbacks_of, image_sets, options_of


def of(name, tmp_path, **options):
    """The types of the callbacks of a training."""
    own = {option: one.default for option, one in options_of(name).items()}
    settings = Settings(name, options={**own, **options})
    return [type(one) for one in callbacks_of(TrainingContext(tmp_path, settings, None, (None, None)))]


@pytest.mark.parametrize("name", presets.PRESETS)
def test_every_preset_has_its_own_options_and_those_of_its_tasks(name):
    tasks, options = presets.PRESETS[name].model.tasks, options_of(name)
    assert set(presets.PRESETS[name].arguments) <= set(options) and all(one.help for one in options.values())
    for task, option in (("likelihood", "kl_warmup"), ("sample", "sample_every"), ("translate", "constant_epochs")):
        assert (task in tasks) == (option in options)
    assert ("translate" in tasks) == ({"x", "y", "size", "channels"} <= set(options))
    assert (name == "stacked") == ("pretrain_epochs" in options)


def test_options_become_callbacks(tmp_path):
    assert of("vae", tmp_path) == []
    assert of("vae", tmp_path, kl_warmup=3, sample_every=2) == [callbacks.KLWarmup, callbacks.SampleImages]
    assert of("gan", tmp_path, sample_every=2) == [callbacks.SampleImages]
    assert of("cyclegan", tmp_path) == [callbacks.LinearDecay]
    assert of("stacked", tmp_path, pretrain_epochs=0) == []
    with pytest.raises(ValueError, match="--kl-warmup needs a separate KL. Expected: --importance-samples 1"):
        of("burda-vae", tmp_path, kl_warmup=3, importance_samples=5)


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
    with pytest.raises(ValueError, match="--size must be divisible by 4. Expected: such as 128. Received: 30"):
        image_sets(settings, "nowhere", size=30)
