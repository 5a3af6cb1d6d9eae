"""Digits found among clutter by R-CNN (Girshick et al. 2014): proposed boxes, classified windows, suppression.

Args:
    pictures: Pictures for training.
    test_pictures: Pictures of test digits.
"""

import keras
import numpy as np
from scipy import ndimage

from keras_gen import metrics, models, networks, plots
from keras_gen.cli.recipe import Finding, Outcome, Timer, cosine_decay, recipe
from keras_gen.data import crop_and_resize, load, scenes
from keras_gen.presets.registry import scaled

THRESHOLDS = (0.2, 0.35, 0.5, 0.65, 0.8)
CONTEXT = 0.15  # on each side of a window, as a share of the box's height or width
DIGIT, BACKGROUND = 0.5, 0.3  # a window shows a digit from this overlap with a true box on, and none below that one
UNLIKELY = 0.02  # probability below which a box is dropped


def proposals(picture, side):
    """Boxes of the connected parts above each threshold, with thin strokes and without, and of pairs of near parts."""
    boxes = []
    for bright in (picture >= threshold for threshold in THRESHOLDS):
        for ink in (bright, ndimage.binary_opening(bright, np.ones((2, 2)))):
            parts = ndimage.find_objects(ndimage.label(ink, np.ones((3, 3)))[0])
            boxes += [(rows.start, columns.start, rows.stop, columns.stop) for rows, columns in parts]
    boxes = np.unique(np.array(boxes, int).reshape(-1, 4), axis=0)
    one, other = boxes[np.array(np.triu_indices(len(boxes)))]  # each with itself and with the later ones
    low, high = np.minimum(one, other), np.maximum(one, other)
    joined, gaps = np.hstack([low[:, :2], high[:, 2:]]), (high[:, :2] - low[:, 2:]).max(axis=1)
    longest = (joined[:, 2:] - joined[:, :2]).max(axis=1)
    return np.unique(joined[(gaps <= side / 14) & (side / 2 <= longest) & (longest <= 1.25 * side)], axis=0)


def examples(made, proposed, side, classes):
    """Windows of proposed and of true boxes, with their digits, or with `classes` for the background."""
    chosen, y = [], []
    for boxes, true_boxes, labels in zip(proposed, made.boxes, made.labels, strict=True):
        boxes = np.concatenate([boxes, true_boxes])
        overlaps = metrics.box_iou(boxes, true_boxes)
        best = overlaps.max(axis=1)
        clear = (best >= DIGIT) | (best < BACKGROUND)
        chosen.append(boxes[clear])
        y.append(np.where(best >= DIGIT, labels[overlaps.argmax(axis=1)], classes)[clear])
    return crop_and_resize(made.images, chosen, side, CONTEXT), np.concatenate(y)


def detect(classifier, images, proposed, side):
    """Each class's boxes after suppression, with the class's probability as the score."""
    probabilities = classifier.probabilities(crop_and_resize(images, proposed, side, CONTEXT))[:, :-1]
    ends, found = np.cumsum([len(boxes) for boxes in proposed]), []
    for boxes, scores in zip(proposed, np.split(probabilities, ends[:-1]), strict=True):
        kept = np.zeros(scores.shape, bool)
        for label, column in enumerate(scores.T):
            likely = np.flatnonzero(column >= UNLIKELY)
            kept[likely[metrics.non_maximum_suppression(boxes[likely], column[likely])], label] = True
        which, labels = np.nonzero(kept)
        found.append((boxes[which], labels, scores[kept]))
    return metrics.Detections(*zip(*found, strict=True))


@recipe
def main(
    data="mnist", pictures=6000, test_pictures=1000, epochs=6, batch_size=100, learning_rate=2e-3, seed=0, width=1.0
):
    train, test = load(data, channels=1)
    side, classes = train.x.shape[1], int(train.y.max()) + 1
    options = {"side": round(16 / 7 * side), "fragment": round(2 / 7 * side)}  # 64 and 8 for MNIST
    with Timer() as timer:
        training = scenes(train.x, train.y, pictures, seed=seed + 1, **options)
        testing = scenes(test.x, test.y, test_pictures, seed=seed, **options)
        proposed, test_proposed = ([proposals(x[..., 0], side) for x in made.images] for made in (training, testing))
        x, y = examples(training, proposed, side, classes)
        network = networks.lenet5(x.shape[1:], classes + 1, units=scaled("units", (120, 84), width), dropout=0.2)
        classifier = models.Classifier(network)
        classifier.compile(keras.optimizers.Adam(cosine_decay(learning_rate, len(x), epochs, batch_size)))
        history = classifier.fit(x, y, batch_size=batch_size, epochs=epochs, verbose=2).history
        found = detect(classifier, testing.images, test_proposed, side)
    # As many boxes for each picture, drawn from the true boxes of the training pictures: of the same sizes, anywhere
    rng, known = np.random.default_rng(seed), np.concatenate(training.boxes)
    anywhere = [rng.choice(known, len(boxes)) for boxes in test_proposed]
    truth = testing.boxes, testing.labels
    reached = metrics.average_precision(found, truth)
    random = metrics.average_precision(detect(classifier, testing.images, anywhere, side), truth)
    overlaps = map(metrics.box_iou, testing.boxes, test_proposed)
    recall = np.mean(np.concatenate([overlap.max(axis=1, initial=0) for overlap in overlaps]) >= 0.5)
    findings = [
        Finding("mAP at IoU 0.5", reached.mean, at_least=0.9),
        Finding("mAP at IoU 0.5, random boxes", random.mean, at_most=reached.mean / 2, reference="half of the above"),
        Finding("recall of the proposals at IoU 0.5", recall, at_least=0.95),
        Finding("boxes proposed per picture", np.mean([len(boxes) for boxes in test_proposed])),
        Finding("minutes, pictures, training and detection", timer.minutes, at_most=10),
    ]
    figures = {"detections": plots.detections(testing.images[:8], testing.boxes, found)}
    return Outcome(classifier, findings, figures, history, {"average_precision": reached.of_class})
