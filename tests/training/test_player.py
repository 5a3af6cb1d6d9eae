import keras
import numpy as np
import pytest

from keras_gen.training import PlayerOptimizers
from tests.toy import TwoPlayers

ADAM, SGD = keras.optimizers.Adam, keras.optimizers.SGD


def test_one_optimizer_gives_each_player_its_own_copy():
    model = TwoPlayers.small()
    model.compile(ADAM(0.02))
    critic, generator = model.optimizer["critic"], model.optimizer["generator"]
    assert critic is not generator and float(critic.learning_rate) == float(generator.learning_rate) == np.float32(0.02)


def test_a_dict_names_the_players_in_any_order():
    model = TwoPlayers.small()
    model.compile({"generator": SGD(0.1), "critic": ADAM(0.2)})
    assert list(model.optimizer.members) == ["critic", "generator"]
    assert isinstance(model.optimizer["critic"], ADAM) and isinstance(model.optimizer["generator"], SGD)


@pytest.mark.parametrize("names", [["critic"], ["critic", "generator", "other"], ["critic", "generater"]])
def test_a_dict_must_name_exactly_the_players(names):
    with pytest.raises(ValueError, match=r"for each player. Expected: \['critic', 'generator'\]. Received: "):
        TwoPlayers.small().compile(dict.fromkeys(names, "adam"))


def test_one_optimizer_for_two_players_is_refused_and_copies_have_names_of_their_own():
    shared, model = ADAM(), TwoPlayers.small()
    with pytest.raises(ValueError, match=r"Expected: as many .* Received: one optimizer for \['critic', 'generator'\]"):
        model.compile({"critic": shared, "generator": shared})
    model.compile(shared)
    assert [member.name for member in model.optimizer.optimizers] == ["critic_adam", "generator_adam"]


def test_the_group_holds_all_variables_in_a_fixed_order_and_none_of_its_own():
    model = TwoPlayers.small()
    model.compile("adam")
    members = [v for member in model.optimizer.optimizers for v in member.variables]
    assert [id(v) for v in model.optimizer.variables] == [id(v) for v in members]


def test_setting_the_learning_rate_sets_every_members():
    model = TwoPlayers.small()
    model.compile("adam")
    model.optimizer.learning_rate = 0.5
    assert [float(member.learning_rate) for member in model.optimizer.optimizers] == [0.5, 0.5]


def test_the_group_comes_back_from_its_config():
    group = PlayerOptimizers({"critic": ADAM(0.02), "generator": SGD(0.1, momentum=0.5)})
    again = keras.optimizers.deserialize(keras.optimizers.serialize(group))
    assert again.get_config() == group.get_config()


def test_float16_scales_every_players_loss():
    keras.config.set_dtype_policy("mixed_float16")
    model = TwoPlayers.small()
    model.compile("adam")
    assert all(isinstance(m, keras.optimizers.LossScaleOptimizer) for m in model.optimizer.members.values())
