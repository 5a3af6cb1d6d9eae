import concurrent.futures

import numpy as np
import pytest

from keras_gen.input_optimization.together import together


def test_works_that_end_at_different_times_are_evaluated_as_batches():
    batches = []

    def function(indices, points):
        batches.append(indices.tolist())
        return points**2, points[:, 0] + indices

    def work(index, evaluate):
        found = [evaluate(np.array([index + turn, 2.0])) for turn in range(index + 1)]
        return [(squares.tolist(), float(total)) for squares, total in found]

    results = together(work, 3, function)
    assert batches == [[0, 1, 2], [1, 2], [2]]
    assert results[1] == [([1.0, 4.0], 2.0), ([4.0, 4.0], 3.0)]
    assert [len(result) for result in results] == [1, 2, 3]


def test_a_work_may_evaluate_nothing():
    assert together(lambda index, evaluate: index, 3, None) == [0, 1, 2]


def test_threads_that_cannot_begin_end_those_that_wait(monkeypatch):
    submit, begun = concurrent.futures.ThreadPoolExecutor.submit, []

    def refuse_the_third(pool, *args):
        if len(begun) == 2:
            raise RuntimeError("can't start new thread")
        begun.append(submit(pool, *args))
        return begun[-1]

    monkeypatch.setattr(concurrent.futures.ThreadPoolExecutor, "submit", refuse_the_third)
    with pytest.raises(RuntimeError, match="can't start new thread"):
        together(lambda index, evaluate: evaluate(np.zeros(1)), 3, lambda indices, points: (points,))
    assert all(one.done() for one in begun)


def test_an_error_of_one_ends_all():
    def work(index, evaluate):
        if index == 1:
            raise KeyError("work 1")
        return evaluate(np.zeros(1))

    with pytest.raises(KeyError, match="work 1"):
        together(work, 3, lambda indices, points: (points,))

    def failing(indices, points):
        raise ZeroDivisionError("function")

    with pytest.raises(ZeroDivisionError, match="function"):
        together(lambda index, evaluate: evaluate(np.zeros(1)), 2, failing)
