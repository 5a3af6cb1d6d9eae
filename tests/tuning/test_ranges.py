import pytest

from keras_gen import models, presets
from keras_gen.tuning import CLASSIFIER_RANGES, GAN_RANGES, VAE_RANGES, parse
from keras_gen.tuning.ranges import searchable, usual_ranges, validated

FITTED = [name for name, one in presets.PRESETS.items() if "translate" not in one.model.tasks]


@pytest.mark.parametrize("name", FITTED)
def test_usual_ranges_are_read_as_they_are_shown(name):
    known = searchable(name)
    ranges = usual_ranges(known)
    read = parse(",".join(f"{argument}={range_}" for argument, range_ in ranges.items()))
    assert [(one.low, one.high, one.choices) for one in validated(read, known)] == [
        (one.low, one.high, one.choices) for one in ranges.values()
    ]
    for argument, range_ in ranges.items():
        if range_.numeric and argument in known and known[argument].default is not None:
            assert range_.low <= known[argument].default <= range_.high
    assert "num_classes" not in ranges
    assert not any(isinstance(argument.default, tuple) and argument.name in ranges for argument in known.values())
    assert ({"layers", "nodes"} <= ranges.keys()) == ("units" in known)


@pytest.mark.usefixtures("short_googlenet")
@pytest.mark.parametrize("name", FITTED)
def test_a_preset_takes_the_ends_of_its_usual_rates(name):
    known = presets.PRESETS[name].arguments
    rates = ("beta_1", "beta_2", "dropout", "ema", "label_smoothing", "momentum", "generator_learning_rate")
    ranges = {rate: range_ for rate, range_ in usual_ranges(known).items() if rate in rates}
    shape = (32, 32, 3) if name == "vgg16" else (8, 8, 1)
    for place in (0, 1):
        presets.build(name, shape, width=0.05, **{rate: range_.probes[place] for rate, range_ in ranges.items()})


def test_what_adversarial_presets_can_be_searched_in():
    ranges = usual_ranges(searchable("wgan-gp"))
    assert str(ranges["augmentation"]) == "none|flip|translation|zoom" and "binarization" not in ranges
    assert str(ranges["generator_learning_rate"]) == str(ranges["learning_rate"])
    assert str(usual_ranges(searchable("vae"))["binarization"]) == "none|static|dynamic"


def test_usual_searches_name_what_presets_have():
    for ranges, kind in ((VAE_RANGES, models.VAE), (CLASSIFIER_RANGES, models.Classifier)):
        for preset in presets.PRESETS.values():
            if preset.model is kind:
                named = {range_.name for range_ in ranges} - {"dropout"}
                assert named <= preset.arguments.keys()
    adversarial = [one for one in presets.PRESETS.values() if issubclass(one.model, models.AdversarialModel)]
    known = set().union(*(one.arguments for one in adversarial))
    assert {range_.name for range_ in GAN_RANGES} <= known
