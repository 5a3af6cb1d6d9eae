import numpy as np
import pytest

from keras_gen.data import encode_labels


@pytest.mark.parametrize(
    ("labels", "numbers", "names"),
    [
        ([2, 0, 1], [2, 0, 1], ("0", "1", "2")),
        ([3, 7, 7], [0, 1, 1], ("3", "7")),
        ([-1, 1, -1], [0, 1, 0], ("-1", "1")),
        ([[3], [7]], [0, 1], ("3", "7")),
        ([1.0, 4.0], [0, 1], ("1", "4")),
        ([True, False], [1, 0], ("False", "True")),
        (["dog", "cat", "dog"], [1, 0, 1], ("cat", "dog")),
        ([b"dog", b"cat"], [1, 0], ("cat", "dog")),
        (np.array(["dog", b"cat"], object), [1, 0], ("cat", "dog")),
        ([[0, 1, 0], [1, 0, 0], [0, 1, 0]], [1, 0, 1], ("0", "1")),
        ([[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]], [1, 0], ("0", "2")),
        (np.array([5, 9], "uint8"), [0, 1], ("5", "9")),
    ],
)
def test_labels_of_any_kind_become_numbers_and_keep_their_names(labels, numbers, names):
    found, test, found_names = encode_labels(labels)
    assert (found.tolist(), test, found_names) == (numbers, None, names) and found.dtype == np.int64


def test_test_labels_have_the_numbers_of_training():
    assert encode_labels(["b", "a"], ["a", "c"])[1].tolist() == [0, -1]
    assert encode_labels([3, 7], [[7.0], [3.0]])[1].tolist() == [1, 0]
    assert encode_labels([0, 2], [2], names=["cat", "cow", "dog"])[1:] == (np.array([1]), ("cat", "dog"))


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0.5, 1.0], "Labels must be classes. Expected: whole numbers, .*Received: numbers such as 0.5"),
        ([np.nan, 1.0], "Received: numbers such as nan"),
        ([np.inf, 1.0], "Received: numbers such as inf"),
        ([[1, 1], [0, 1]], r"one for each example. .*Received: shape \(2, 2\), dtype int64"),
        (np.zeros((2, 3, 4)), r"Received: shape \(2, 3, 4\)"),
        ([], r"Received: shape \(0,\)"),
        ([1j], "dtype complex128"),
    ],
)
def test_what_is_no_label(labels, message):
    with pytest.raises(ValueError, match=message):
        encode_labels(labels)


def test_training_and_test_are_of_one_kind():
    with pytest.raises(ValueError, match="must be of one kind. Received: dtypes int64 and <U3"):
        encode_labels([1, 2], ["cat"])
