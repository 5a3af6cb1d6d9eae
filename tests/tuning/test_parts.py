import numpy as np
import pytest

from keras_gen.tuning.parts import parts_of

X, LABELS = np.arange(24.0).reshape(12, 2), np.arange(12) % 3


def test_every_fifth_example_is_held_out():
    (part,) = parts_of(X, LABELS, None, None, True, seed=0)
    assert part.inputs[:, 0].tolist() == [0, 10, 20] and part.labels.tolist() == [0, 2, 1]
    assert len(part.x) == 9 and part.inputs is part.targets
    assert part.arguments(False)[0] == (part.x,) and part.arguments(True)[1] == (part.targets, part.labels)


def test_each_fold_is_held_out_once_with_its_share_of_each_class():
    parts = parts_of(X, LABELS, None, 4, True, seed=0)
    held = np.concatenate([part.inputs for part in parts])
    assert sorted(held[:, 0]) == X[:, 0].tolist()
    for part in parts:
        assert sorted(part.labels) == [0, 1, 2]
        assert sorted(np.concatenate([part.x, part.inputs])[:, 0]) == X[:, 0].tolist()
        x, y = part.everything
        assert dict(zip(x[:, 0], y, strict=True)) == dict(zip(X[:, 0], LABELS, strict=True))
    again = parts_of(X, LABELS, None, 4, True, seed=0)
    others = parts_of(X, LABELS, None, 4, True, seed=1)
    assert all(np.array_equal(one.x, two.x) for one, two in zip(parts, again, strict=True))
    assert not all(np.array_equal(one.x, two.x) for one, two in zip(parts, others, strict=True))
    assert sorted(len(part.inputs) for part in parts_of(X, None, None, 5, False, seed=0)) == [2, 2, 2, 3, 3]


def test_validation_is_examples_with_their_labels_or_their_targets():
    (part,) = parts_of(X, LABELS, (X[:4] + 1, LABELS[:4]), None, True, seed=0)
    assert part.inputs is part.targets and part.labels.tolist() == [0, 1, 2, 0] and len(part.x) == 12
    (part,) = parts_of(X, None, (X[:4] + 1, X[:4]), None, False, seed=0)
    assert part.targets is not part.inputs and part.labels is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"y": None}, "`y` is missing: the model uses labels. Expected: an integer for each example. Received: None"),
        ({"y": LABELS[1:]}, r"`y` must label each example. Expected: integers of shape \(12,\)"),
        ({"y": LABELS / 2}, "`y` must label each example"),
        ({"folds": 1}, "`folds` must be an integer >= 2"),
        ({"folds": 2, "validation": X}, "validated by folds or by `validation`. Expected: one. Received: both"),
        ({"folds": 13, "y": None, "uses_labels": False}, "an example in each fold. Expected: at most 12"),
        ({"folds": 5}, "an example in each fold of each class. Expected: at most 4. Received: folds=5"),
        ({"validation": X}, "`validation` has no labels. Expected: the pair"),
        ({"validation": (X, LABELS[1:])}, r"`validation` must label each example. Expected: .*\(12,\)"),
        ({"y": np.full(12, -1)}, "where labels are known. Expected: .* label >= 0 .* Received: -1 for all 3"),
        ({"y": np.full(12, -1), "folds": 2}, "where labels are known. .* Received: -1 for all 6"),
        ({"validation": (X, np.full(12, -1))}, "where labels are known. .* Received: -1 for all 12"),
        ({"x": X[:1], "y": LABELS[:1]}, "Data are held out of `x`. Expected: at least two examples. Received: 1"),
    ],
)
def test_data_that_cannot_be_divided(options, message):
    arguments = {"x": X, "y": LABELS, "validation": None, "folds": None, "uses_labels": True, "seed": 0, **options}
    with pytest.raises(ValueError, match=message):
        parts_of(**arguments)
