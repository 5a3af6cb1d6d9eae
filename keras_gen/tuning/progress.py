"""What each trial of a search leaves: the table so far, and a line of text."""

import time

import numpy as np

from keras_gen.callbacks.epoch_lines import listed, short
from keras_gen.tuning.result import LAST, write_table


def report_trials(tuner, folder, verbose):
    """Let a `keras_tuner.Tuner` write the table of its trials after each of them and, if `verbose`, print a line."""
    end_trial, ends = tuner.on_trial_end, [time.perf_counter()]

    def on_trial_end(trial):
        end_trial(trial)
        rows, scores = write_table(folder, tuner.oracle)
        ends.append(time.perf_counter())
        if verbose:
            place = [row["trial"] for row in rows].index(int(trial.trial_id) + 1)
            print(_line(rows, scores, place, ends[-1] - ends[-2], tuner.oracle), flush=True)

    tuner.on_trial_end = on_trial_end


def _line(rows, scores, place, seconds, oracle):
    row, name = rows[place], oracle.objective.name
    values = listed({key: value for key, value in row.items() if key not in ("trial", *LAST)})
    result = f"{name} {short(scores[place])}" if np.isfinite(scores[place]) else f"{row['status']}, {row['reason']}"
    best = int(np.nanargmin(scores)) if np.isfinite(scores).any() else None
    so_far = "none" if best is None else f"{short(scores[best])} (trial {rows[best]['trial']})"
    return f"Trial {row['trial']}/{oracle.max_trials} ({seconds:.1f} s): {values}: {result}; best so far: {so_far}"
