import keras_tuner
import numpy as np
import pytest

from keras_gen import presets
from keras_gen.tuning import Range, one_standard_error, parse
from keras_gen.tuning.ranges import validated
from keras_gen.tuning.space import preset_arguments

UNITS = {"units": (40, 20), "latent_dim": 3}
KNOWN = presets.PRESETS["autoencoder"].arguments


def test_a_line_names_ranges_and_choices():
    size, corruption, activation = parse("latent_dim=2:64, corruption=0:0.6 ,activation=relu|silu")
    assert size == Range("latent_dim", 2, 64, log=True)
    assert corruption == Range("corruption", 0, 0.6)
    assert activation == Range("activation", choices=("relu", "silu"))
    assert parse("tied=1|2")[0].choices == (1, 2)
    assert parse("tied=True| false")[0].choices == (True, False)
    assert parse("corruption=0|0.5")[0].choices == (0.0, 0.5)
    assert not parse("layers=1:3")[0].log


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "A search must name ranges. Expected: such as latent_dim=2:64"),
        ("latent_dim", "A search must name ranges"),
        ("latent_dim=", "A search must name ranges"),
        ("latent_dim=64:2", "The search range of `latent_dim` is empty. Expected: .* Received: 64 to 2"),
        ("latent_dim=4", "The range of `latent_dim` must be two numbers. Expected: such as 2:64. Received: '4'"),
        ("latent_dim=a:b", "must be two numbers"),
    ],
)
def test_lines_that_cannot_be_read(line, message):
    with pytest.raises(ValueError, match=message):
        parse(line)


def test_ranges_that_make_no_search():
    with pytest.raises(ValueError, match="at least one range. Received: none"):
        validated([], KNOWN)
    with pytest.raises(ValueError, match="Unknown search range. Did you mean 'latent_dim'.* Received: 'latent_dims'"):
        validated([Range("latent_dims", 1, 2)], KNOWN)
    with pytest.raises(ValueError, match="Unknown search range"):
        validated([Range("layers", 1, 2)], presets.PRESETS["contractive"].arguments)
    with pytest.raises(ValueError, match="Unknown search range. .* Received: 'filters'"):  # a tuple is no range
        validated([Range("filters", 1, 2)], presets.PRESETS["convolutional-autoencoder"].arguments)
    with pytest.raises(ValueError, match="must be named once"):
        validated([Range("latent_dim", 1, 2), Range("latent_dim", 1, 3)], KNOWN)
    with pytest.raises(ValueError, match="A logarithmic range must begin above 0"):
        Range("corruption", 0, 0.5, log=True)
    with pytest.raises(ValueError, match=r"`units` cannot be searched.* Expected: ranges of `layers` and `nodes`"):
        validated([Range("units", 8, 16)], KNOWN)
    for choices in (("relu", 1), (True, 1), ((8, 4), (16, 8))):
        with pytest.raises(ValueError, match="The choices of `tied` must be of one kind"):
            Range("tied", choices=choices)


def test_numbers_of_numpy_are_numbers():
    assert Range("corruption", choices=np.arange(2, 4)).choices == (2, 3)
    size = Range("latent_dim", np.int64(2), np.int64(4))
    assert isinstance(size.low, int) and size.probes == (4, 2)
    assert Range("corruption", choices=(0.1, 0.5, 0.0)).probes == (0.5, 0.0)
    assert Range("activation", choices=("relu", "silu", "tanh")).probes == ("relu", "silu", "tanh")


def test_what_keras_tuner_is_asked_for():
    hp = keras_tuner.HyperParameters()
    ranges = [Range("latent_dim", 2, 8), Range("corruption", 0.25, 0.5), Range("tied", choices=[True])]
    values = preset_arguments(ranges, hp, {})
    assert values == {"latent_dim": 2, "corruption": 0.25, "tied": True}
    assert [type(one).__name__ for one in hp.space] == ["Int", "Float", "Choice"]


def test_layers_and_nodes_make_a_symmetric_autoencoder():
    hp = keras_tuner.HyperParameters()
    hp.values.update(layers=3, nodes_1=5, nodes_2=50, nodes_3=9, latent_dim=7)
    ranges = [Range("layers", 1, 3), Range("nodes", 4, 64), Range("latent_dim", 2, 8)]
    assert preset_arguments(ranges, hp, UNITS) == {"latent_dim": 7, "units": (50, 9, 7)}
    assert preset_arguments([Range("layers", 1, 2)], keras_tuner.HyperParameters(), UNITS) == {"units": (40,)}
    hp = keras_tuner.HyperParameters()
    assert preset_arguments([Range("nodes", 4, 64)], hp, UNITS) == {"units": (4, 4)}
    assert set(hp.values) == {"nodes_1", "nodes_2"}


def test_more_layers_than_there_are_need_their_widths():
    hp = keras_tuner.HyperParameters()
    hp.values["layers"] = 3
    with pytest.raises(ValueError, match="needs `nodes`, their widths. Expected: up to 2 layers"):
        preset_arguments([Range("layers", 1, 3)], hp, UNITS)


def test_the_rule_of_one_standard_error():
    sizes, errors, deviations = [32, 2, 8, 16], [5.0, 9.0, 5.25, 5.1], [0.3, 0.1, 9.0, 0.1]
    assert one_standard_error(sizes, errors, deviations) == 8
    assert one_standard_error(sizes, errors, [0.0] * 4) == 32
    assert one_standard_error([1, 2], [float("nan"), 3.0], [0.1, float("nan")]) == 2
    with pytest.raises(ValueError, match="must hold a finite number"):
        one_standard_error([1], [float("nan")], [0.1])
