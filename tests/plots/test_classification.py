import numpy as np
import pytest

from keras_gen import plots

LABELS, PREDICTED = np.array([0, 0, 0, 1, 2, 2]), np.array([0, 0, 1, 1, 0, 2])


def test_rows_are_true_classes_and_cells_their_counts():
    axes = plots.confusion_matrix(LABELS, PREDICTED, ("cat", "dog", "eel"), title="pets").axes[0]
    shares = np.asarray(axes.images[0].get_array())
    np.testing.assert_allclose(shares, [[2 / 3, 1 / 3, 0], [0, 1, 0], [1 / 2, 0, 1 / 2]])
    counts = {text.get_position()[::-1]: text.get_text() for text in axes.texts}
    assert counts == {(0, 0): "2", (0, 1): "1", (1, 1): "1", (2, 0): "1", (2, 2): "1"}
    assert [[label.get_text() for label in labels] for labels in (axes.get_xticklabels(), axes.get_yticklabels())] == [
        ["cat", "dog", "eel"]
    ] * 2
    assert (axes.get_ylabel(), axes.get_xlabel(), axes.get_title()) == ("true", "predicted", "pets")


def test_classes_without_names_are_numbers_and_absent_ones_are_empty_rows():
    axes = plots.confusion_matrix([0, 3], [0, 0]).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["0", "1", "2", "3"]
    assert np.asarray(axes.images[0].get_array()).sum(axis=1).tolist() == [1, 0, 0, 1]


def test_many_classes_have_no_texts():
    assert not plots.confusion_matrix(range(100), range(100)).axes[0].texts


def test_wrong_images_are_shown_with_both_classes():
    x = np.zeros((6, 4, 4, 1)) + np.arange(6)[:, None, None, None] / 10
    figure = plots.wrong_images(x, LABELS, PREDICTED, ("cat", "dog", "eel"))
    assert [axes.get_title() for axes in figure.axes] == ["cat: dog", "eel: cat"]
    assert [axes.images[0].get_array().max() for axes in figure.axes] == pytest.approx([0.2, 0.4])
    assert figure.get_suptitle() == "2 of 6 wrong, all of them; true class: predicted class"
    figure = plots.wrong_images(x, LABELS, PREDICTED, n=1)
    assert len(figure.axes) == 1 and "1 of them" in figure.get_suptitle()
    figure = plots.wrong_images(
        np.zeros((9, 4, 4, 3)), np.arange(9), np.full(9, 9), list("abcdefgh") + ["eleven", "j"], 3
    )
    assert [axes.get_title() for axes in figure.axes] == ["a:\nj", "d:\nj", "g:\nj"]
    figure = plots.wrong_images(x, LABELS, LABELS)
    assert not figure.axes and figure.get_suptitle() == "0 of 6 wrong"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0, 1], [0]), "`predicted` must have one class for each label. Expected: 2. Received: 1"),
        (([0.5], [0]), "`labels` must be integers from 0 on. Received: float64"),
        (([0], [-1]), "`predicted` must be integers from 0 on. Received: int64 from -1 on"),
        (([0, 2], [0, 1], ("a", "b")), "`class_names` must name every class. Expected: 3 or more. Received: 2"),
        (([], []), "at least one example"),
    ],
)
def test_bad_input(arguments, message):
    with pytest.raises(ValueError, match=message):
        plots.confusion_matrix(*arguments)
