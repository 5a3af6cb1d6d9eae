import numpy as np
import pytest

from keras_gen.tuning.objectives import objective_of, parse_objective


def test_a_score_is_small_where_the_objective_is_good():
    for name in ("error", "nll", "frechet", "kernel", "val_loss"):
        objective = objective_of(name)
        assert objective.score({name: 2.0}) == 2 == objective.shown(2.0) and objective.name == name
    for name in ("accuracy", "val_accuracy", "recall", "precision", "density", "coverage", "score"):
        objective = objective_of(name)
        assert objective.score({name: 2.0}) == -2 and objective.shown(-2.0) == 2 and objective.name == name


def test_a_sum_has_the_weights_of_its_parts():
    objective = objective_of({"frechet": 1, "recall": -10})
    values = {"frechet": np.array([3.0, 5.0]), "recall": np.array([0.5]), "loss": np.array([7.0])}
    assert objective.score(values).tolist() == [-2.0, 0.0] and objective.name == "objective"
    assert objective.shown(-2.0) == -2
    assert objective_of({"recall": 2.0}).name == "objective", "twice a value is not that value"


def test_lines_of_the_command_line():
    assert parse_objective("val_loss") == "val_loss"
    assert parse_objective("frechet=1, recall=-10") == {"frechet": 1.0, "recall": -10.0}
    for text in ("a=b", "frechet=1,frechet=2", "=1"):
        message = f"--objective must be a name, or names and weights, each name once. Expected: such as .* '{text}'"
        with pytest.raises(ValueError, match=message):
            parse_objective(text)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, r"`objective` must be a name, or a dict .* Expected: such as 'frechet'.* Received: {}"),
        (5, "`objective` must be a name, or a dict"),
        ({"frechet": np.nan}, "A weight of `objective` must be a finite number. .* Received: frechet=nan"),
        ({"frechet": "1"}, "A weight of `objective` must be a finite number"),
        ({"frechet": 0.0}, "A weight of `objective` must not be 0"),
    ],
)
def test_what_is_no_objective(given, message):
    with pytest.raises(ValueError, match=message):
        objective_of(given)
