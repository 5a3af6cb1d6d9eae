import urllib.error
import urllib.request

import keras
import numpy as np
import pytest

from keras_gen import networks
from keras_gen.input_optimization import style_networks
from keras_gen.input_optimization.style_networks import default_network, layers_of, network_at_hand, style_subject


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch, tmp_path):
    network_at_hand.cache_clear()
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    yield
    network_at_hand.cache_clear()


def test_without_a_connection_random_filters_are_announced(monkeypatch):
    asked = []

    def refuse(request, timeout):
        asked.append((request.full_url, timeout))
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    with pytest.warns(UserWarning, match=r"VGG-19 could not be downloaded \(.*no route to host.* random filters"):
        subject = style_subject(None, None, None)
    assert subject.network.name == "random_filter_bank" and subject.value_range == (0, 1)
    ((url, seconds),) = asked
    assert url.endswith("vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5") and seconds <= 10
    with pytest.warns(UserWarning, match="random filters"):  # again, each time that it takes VGG's place
        again = style_subject(None, (0, 1), None)
    assert again.network is subject.network and len(asked) == 1, "asked once"


def test_weights_on_disk_are_taken_without_a_connection(monkeypatch, tmp_path):
    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: pytest.fail("no connection is needed"))
    monkeypatch.setattr(style_networks, "vgg_convolutions", lambda depth, weights: (depth, weights))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5").touch()
    assert default_network() == (19, "imagenet")


def test_layers_by_default():
    bank = networks.random_filter_bank(filters=1, kernel_sizes=(3, 5))
    assert layers_of("layers", None, bank, style_networks.TEXTURE) == ["filters"]
    vgg = networks.vgg_convolutions(16)
    assert layers_of("layers", None, vgg, style_networks.TEXTURE) == style_networks.TEXTURE
    assert layers_of("layers", ("block1_pool",), vgg, style_networks.TEXTURE) == ["block1_pool"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (None, r"`layers` must be given for this network. Expected: .* such as 'one', 'two'. Received: None"),
        ("one", "`layers` must be a list of names of layers. Received: layers='one'"),
        ([], r"`layers` must be a list of names of layers. Received: layers=\[\]"),
    ],
)
def test_bad_layers(names, message):
    dense = [keras.layers.Dense(1, name=name) for name in ("one", "two")]
    with pytest.raises(ValueError, match=message):
        layers_of("layers", names, keras.Sequential([keras.Input((1,)), *dense]), style_networks.TEXTURE)


def test_the_default_network_has_its_own_range_and_preprocessing():
    for options in (((0, 255), None), (None, np.sin)):
        with pytest.raises(ValueError, match=r"The default network has images in \[0, 1\] and its own preprocessing"):
            style_subject(None, *options)
