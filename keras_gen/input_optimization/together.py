"""Minimisations of many examples side by side, by scipy's L-BFGS-B, whose evaluations are computed as one batch."""

import concurrent.futures
import threading

import numpy as np


def together(work, n, function):
    """Call `work(i, evaluate)` for i = 0, ..., n - 1 in threads that wait for each other at every evaluation.

    `evaluate(point)` returns an example's parts of the results of `function`, which sees the points of all works that
    still run as one batch. So a work is written for one example, as scipy's optimizers are, and costs a share of a
    batch.

    Args:
        work: Function of an index and of `evaluate`.
        n: Number of works, an integer >= 1.
        function: Function of (indices `(k,)`, points `(k, *shape)`) that returns a tuple of arrays `(k, ...)`.

    Returns:
        List of what the works return. An error in a work or in `function` ends all of them.

    Example:

    >>> def work(i, evaluate):
    ...     return float(evaluate(np.array([i, 1.0]))[0])
    >>> together(work, 3, lambda indices, points: (points.sum(axis=1),))
    [1.0, 2.0, 3.0]
    """
    meeting = _Meeting(n)
    with concurrent.futures.ThreadPoolExecutor(n) as pool:
        try:
            works = [pool.submit(meeting.take_part, work, index) for index in range(n)]
        except BaseException:  # those that have begun would wait for the others for ever
            meeting.barrier.abort()
            raise
        meeting.lead(function)
    if meeting.error is not None:
        raise meeting.error
    return [one.result() for one in works]


class _Meeting:
    """Where the threads wait until each has a point to evaluate or has ended.

    The calling thread evaluates the points: Keras keeps settings for each thread, and the others have none.
    """

    def __init__(self, n):
        self.points, self.results, self.all_ended, self.error = [None] * n, [None] * n, False, None
        self.barrier = threading.Barrier(n + 1)

    def lead(self, function):
        try:
            while not self.all_ended:
                self.barrier.wait()  # all points are there
                running = [index for index, point in enumerate(self.points) if point is not None]
                self.all_ended = not running
                if running:
                    outputs = function(np.array(running), np.stack([self.points[index] for index in running]))
                    for index, *parts in zip(running, *outputs, strict=True):
                        self.results[index] = tuple(parts)
                self.barrier.wait()  # all results are there
        except BaseException as error:
            self._end(error)

    def take_part(self, work, index):
        try:
            result = work(index, lambda point: self._evaluated(index, point))
            while not self.all_ended:
                self._evaluated(index, None)
            return result
        except BaseException as error:
            self._end(error)

    def _evaluated(self, index, point):
        self.points[index] = point
        self.barrier.wait()
        self.barrier.wait()
        return self.results[index]

    def _end(self, error):
        """Wake up all threads; that others have ended is no error of their own."""
        if not isinstance(error, threading.BrokenBarrierError):
            self.error = self.error or error
        self.barrier.abort()
