import json

import keras_tuner
import pytest

from keras_gen.tuning.tuners import TUNERS, tuner_of


class Model(keras_tuner.HyperModel):
    def build(self, hp):
        return hp.Choice("a", [1, 2, 3]), hp.Choice("b", [1, 2])


def oracle_of(name, folder):
    objective = keras_tuner.Objective("error", "min")
    tuner, oracle = tuner_of(name, Model(), folder, 5, 3, objective=objective, seed=1)
    tuner.save()
    return oracle


def values(trial):
    return trial.hyperparameters.get("a"), trial.hyperparameters.get("b")


def end(oracle, trial):
    oracle.update_trial(trial.trial_id, {"error": 1.0})
    trial.status = "COMPLETED"
    oracle.end_trial(trial)


@pytest.mark.parametrize("name", ["grid", "random"])
def test_processes_have_at_once_the_trials_that_one_has_in_turn(name, tmp_path):
    together, alone = oracle_of(name, tmp_path / "a"), oracle_of(name, tmp_path / "b")
    running = [together.create_trial(f"worker{place}") for place in range(5)]
    one_by_one = []
    for _ in range(5):
        one_by_one.append(alone.create_trial("tuner0"))
        end(alone, one_by_one[-1])
    assert [values(trial) for trial in running] == [values(trial) for trial in one_by_one]
    assert {trial.status for trial in running} == {"RUNNING"}


@pytest.mark.parametrize("name", TUNERS)
def test_all_that_has_not_ended_is_handed_out_again_and_nothing_else(name, tmp_path):
    oracle = oracle_of(name, tmp_path)
    first, second, third = (oracle.create_trial(f"worker{place}") for place in range(3))
    end(oracle, second)
    state = tmp_path / "tuner" / "oracle.json"
    kept = {**json.loads(state.read_text()), "ongoing_trials": {}}  # as if the process was killed before it was noted
    state.write_text(json.dumps(kept))
    again = oracle_of(name, tmp_path)
    handed = [again.create_trial(f"worker{place}") for place in range(2)]
    assert [trial.trial_id for trial in handed] == [first.trial_id, third.trial_id]
    assert [values(trial) for trial in handed] == [values(first), values(third)]
    assert again.create_trial("worker2").trial_id not in {first.trial_id, second.trial_id, third.trial_id}


@pytest.mark.parametrize("name", TUNERS)
def test_a_trial_that_ends_in_a_process_after_its_own_is_not_handed_out_again(name, tmp_path):
    oracle = oracle_of(name, tmp_path)
    first, second = (oracle.create_trial(f"worker{place}") for place in range(2))
    again = oracle_of(name, tmp_path)
    end(again, first)
    assert again.create_trial("worker0").trial_id == second.trial_id
    assert oracle_of(name, tmp_path)._retry_queue == [second.trial_id]
