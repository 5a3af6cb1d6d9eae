import numpy as np
import pytest

from keras_gen import metrics

rng = np.random.default_rng(0)
CORNERS = rng.integers(0, 12, size=(40, 2))
BOXES = np.concatenate([CORNERS, CORNERS + rng.integers(1, 9, size=(40, 2))], axis=1)
SCORES = rng.random(40)
EMPTY = np.zeros((0, 4), int)


def pixels(box, side=24):
    picture = np.zeros((side, side), bool)
    picture[box[0] : box[2], box[1] : box[3]] = True
    return picture


def far(n, size=4):
    """Boxes that do not overlap."""
    corners = 2 * size * np.stack([np.arange(n), np.arange(n)], axis=1)
    return np.concatenate([corners, corners + size], axis=1)


def one_picture(boxes, scores, true_boxes, **options):
    """The mean average precision of boxes of one class in one picture."""
    found = [np.reshape(boxes, (-1, 4))], [np.zeros(len(boxes), int)], [np.array(scores)]
    return metrics.average_precision(found, ([true_boxes], [np.zeros(len(true_boxes), int)]), **options).mean


def test_iou_counts_the_pixels_of_both_boxes():
    masks = np.array([pixels(box) for box in BOXES])
    expected = [[(mask & other).sum() / (mask | other).sum() for other in masks[:9]] for mask in masks]
    np.testing.assert_allclose(metrics.box_iou(BOXES, BOXES[:9]), expected)


def test_iou_is_symmetric_one_with_itself_and_zero_when_disjoint():
    overlaps = metrics.box_iou(BOXES, BOXES)
    np.testing.assert_array_equal(overlaps, overlaps.T)
    np.testing.assert_array_equal(np.diag(overlaps), np.ones(40))
    np.testing.assert_array_equal(metrics.box_iou(far(3), far(3)), np.eye(3))
    touching = np.array([[0, 4, 4, 8], [4, 0, 8, 4], [4, 4, 8, 8]])
    np.testing.assert_array_equal(metrics.box_iou(far(1), touching), np.zeros((1, 3)))
    assert metrics.box_iou(EMPTY, BOXES).shape == (0, 40) and metrics.box_iou(BOXES, EMPTY).shape == (40, 0)


def test_iou_does_not_change_with_place_scale_or_axes():
    expected = metrics.box_iou(BOXES, BOXES)
    for moved in (BOXES + [3, -20, 3, -20], BOXES * 0.37, BOXES[:, [1, 0, 3, 2]]):
        np.testing.assert_allclose(metrics.box_iou(moved, moved), expected, atol=1e-12)


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.7])
def test_suppression_keeps_the_best_and_only_boxes_apart(threshold):
    kept = metrics.non_maximum_suppression(BOXES, SCORES, threshold)
    overlaps = metrics.box_iou(BOXES, BOXES)
    assert kept[0] == SCORES.argmax() and (np.diff(SCORES[kept]) <= 0).all()
    assert overlaps[np.ix_(kept, kept)][~np.eye(len(kept), dtype=bool)].max() <= threshold
    for lost in np.setdiff1d(np.arange(40), kept):  # to a better box that stays
        assert (overlaps[lost, kept[SCORES[kept] > SCORES[lost]]] > threshold).any()


def test_a_suppressed_box_suppresses_none():
    chain = np.array([[0, 0, 4, 4], [0, 2, 4, 6], [0, 4, 4, 8]])
    np.testing.assert_array_equal(metrics.non_maximum_suppression(chain, [0.9, 0.8, 0.7]), [0, 2])
    np.testing.assert_array_equal(metrics.non_maximum_suppression(chain, [0.8, 0.9, 0.7]), [1])
    np.testing.assert_array_equal(metrics.non_maximum_suppression(chain, [0.5, 0.5, 0.5]), [0, 2])
    np.testing.assert_array_equal(metrics.non_maximum_suppression(chain, [0.8, 0.9, 0.7], 1 / 3), [1, 0, 2])
    assert metrics.non_maximum_suppression(EMPTY, []).shape == (0,)


def test_the_truth_itself_has_average_precision_one():
    boxes, labels = [far(3), EMPTY, far(2)], [np.array([0, 1, 1]), np.array([], int), np.array([5, 0])]
    scores = [rng.random(len(found)) for found in boxes]
    found = metrics.Detections(boxes, labels, scores)
    assert metrics.average_precision(found, (boxes, labels)) == (1.0, {0: 1.0, 1: 1.0, 5: 1.0})
    moved = found._replace(boxes=[found + 100 for found in boxes])
    assert metrics.average_precision(moved, (boxes, labels)) == (0.0, {0: 0.0, 1: 0.0, 5: 0.0})
    other = found._replace(labels=[found + 1 for found in labels])  # 1 where 0 is, and so on
    assert metrics.average_precision(other, (boxes, labels)).mean == 0


def test_missed_boxes_lower_it_to_the_recall():
    for count in range(5):
        assert one_picture(far(5)[:count], SCORES[:count], far(5)) == pytest.approx(count / 5)


def test_a_duplicate_is_wrong():
    duplicated = np.concatenate([far(1), far(2)])  # the first true box twice
    assert one_picture(duplicated, [0.9, 0.8, 0.7], far(2)) == pytest.approx((1 + 2 / 3) / 2)
    assert one_picture(duplicated, [0.9, 0.6, 0.7], far(2)) == 1  # it comes last
    # A box belongs to the true box that it overlaps most, even if that one is claimed and another is near enough
    near = np.array([[0, 0, 4, 10], [0, 3, 4, 13]])
    assert one_picture(near[[0, 0]], [0.9, 0.8], near) == pytest.approx(1 / 2)


def test_the_hand_computed_example():
    """Three true boxes in two pictures; by score right, wrong, right, wrong: AP = (1/1 + 2/3) / 3 = 5/9."""
    boxes = [far(3)[[0, 2]], far(3)[[1, 2]]]
    found = metrics.Detections(boxes, [np.array([4, 4])] * 2, [np.array([0.9, 0.8]), np.array([0.7, 0.1])])
    truth = [far(2), far(3)[1:2]], [np.array([4, 4]), np.array([4])]
    assert metrics.average_precision(found, truth) == (pytest.approx(5 / 9), {4: pytest.approx(5 / 9)})
    with_another_class = truth[0], [np.array([4, 6]), np.array([4])]  # AP (1 + 2/3) / 2 and 0
    assert metrics.average_precision(found, with_another_class).mean == pytest.approx((5 / 6 + 0) / 2)


def test_the_order_is_that_of_the_scores_alone():
    true_boxes = BOXES[::4]
    expected = one_picture(BOXES, SCORES, true_boxes)
    order = rng.permutation(40)
    assert 0 < expected < 1 and one_picture(BOXES[order], SCORES[order], true_boxes) == expected
    assert one_picture(BOXES, 3 * SCORES - 10, true_boxes) == pytest.approx(expected)


@pytest.mark.parametrize("kind", ["uint8", "int8", "float16"])
def test_scores_of_any_kind_of_number(kind):
    scores = np.argsort(np.argsort(SCORES)).astype(kind)  # their ranks, from 0
    np.testing.assert_array_equal(
        metrics.non_maximum_suppression(BOXES, scores), metrics.non_maximum_suppression(BOXES, SCORES)
    )
    assert one_picture(BOXES, scores, BOXES[::4]) == one_picture(BOXES, SCORES, BOXES[::4])


def test_the_least_overlap_is_an_argument_and_belongs_to_the_right_boxes():
    half = np.array([[0, 0, 4, 2]])  # of the true box
    assert one_picture(half, [1.0], far(1)) == 1
    assert (one_picture(half, [1.0], far(1), iou=0.51), one_picture(half, [1.0], far(1), iou=0.1)) == (0, 1)


@pytest.mark.parametrize(
    ("boxes", "message"),
    [
        (np.zeros(4), r"`boxes` must be boxes.*Expected: numbers of shape \(n, 4\). Received: float64 of shape \(4,\)"),
        ([["a"] * 4], "Expected: numbers of shape"),
        ([[0, 0, 1, 1], [2, 0, 2, 1]], r"top < bottom and left < right. Received: \(2.0, 0.0, 2.0, 1.0\)"),
        ([[0, 3, 1, 2]], "top < bottom and left < right"),
        ([[0, 0, 1, np.nan]], "Expected: finite numbers"),
    ],
)
def test_bad_boxes(boxes, message):
    with pytest.raises(ValueError, match=message):
        metrics.box_iou(boxes, BOXES)
    with pytest.raises(ValueError, match=message):
        metrics.non_maximum_suppression(boxes, SCORES)
    with pytest.raises(ValueError, match=message.replace("`boxes`", "`truth.boxes`")):
        metrics.average_precision(([EMPTY], [[]], [[]]), ([boxes], [[0]]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scores": SCORES[1:]}, r"`scores` must have one finite number for each box. Expected: shape \(40,\). Receiv"),
        ({"scores": np.full(40, np.nan)}, r"Received: float64 of shape \(40,\), with NaN or infinite values"),
        ({"threshold": 1.0}, r"`threshold` must be a number in \[0, 1\). Received: threshold=1.0"),
    ],
)
def test_bad_input_of_the_suppression(arguments, message):
    with pytest.raises(ValueError, match=message):
        metrics.non_maximum_suppression(**{"boxes": BOXES, "scores": SCORES, **arguments})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"found": ([BOXES], [SCORES])}, r"`found` must be \(boxes, labels, scores\).*Expected: 3 lists.*Received: 2"),
        ({"found": None}, r"`found` must be \(boxes, labels, scores\).* Received: None"),
        ({"truth": ([BOXES], [])}, r"`truth` must be \(boxes, labels\), lists.*Received: 2 of lengths \[1, 0\]"),
        ({"found": ([BOXES] * 2, [SCORES] * 2, [SCORES] * 2)}, "same pictures. Expected: 1 as in truth. Received: 2"),
        ({"found": ([BOXES], [SCORES], [SCORES[1:]])}, "`found.scores` must have one finite number for each box"),
        ({"truth": ([EMPTY], [[]])}, "`truth` must hold at least one box"),
        ({"found": ([], [], []), "truth": ([], [])}, "`truth` must hold at least one box"),
        ({"iou": 0}, r"`iou` must be a number in \(0, 1\). Received: iou=0"),
    ],
)
def test_bad_input_of_the_average_precision(arguments, message):
    given = {"found": ([BOXES], [np.zeros(40, int)], [SCORES]), "truth": ([BOXES], [np.zeros(40, int)]), **arguments}
    with pytest.raises(ValueError, match=message):
        metrics.average_precision(**given)
