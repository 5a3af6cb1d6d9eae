"""What each trial of a search leaves: the table so far, and a line of text."""

import time

import numpy as np

from keras_gen.callbacks.epoch_lines import listed, short


def report_trials(oracle, table, verbose):
    """Let a `keras_tuner.Oracle` write the table after each trial and, if `verbose`, print lines on the trials."""
    create_trial, end_trial, starts = oracle.create_trial, oracle.end_trial, {}

    def on_create(tuner_id):
        known = set(oracle.trials)
        trial = create_trial(tuner_id)
        if verbose and trial.trial_id in known:
            report_again(trial.trial_id, oracle.max_trials)
        starts[trial.trial_id] = time.perf_counter()
        return trial

    def on_end(trial):
        end_trial(trial)
        rows, scores = table.write(oracle.trials.values())
        start = starts.get(trial.trial_id)  # an earlier process may have handed it out
        seconds = None if start is None else time.perf_counter() - start
        if verbose:
            place = [row["trial"] for row in rows].index(int(trial.trial_id) + 1)
            print(_line(rows, scores, place, seconds, table, oracle.max_trials), flush=True)

    oracle.create_trial, oracle.end_trial = on_create, on_end


def report_again(trial_id, trials):
    """Print a line that a trial of KerasTuner's runs again, in a search of so many trials."""
    print(f"Trial {int(trial_id) + 1}/{trials} runs again: it was interrupted", flush=True)


def _line(rows, scores, place, seconds, table, trials):
    row, shown = rows[place], table.objective.shown
    result = f"{row['status']}, {row['reason']}"
    if np.isfinite(scores[place]):
        result = f"{table.objective.name} {short(shown(scores[place]))}"
    best = int(np.nanargmin(scores)) if np.isfinite(scores).any() else None
    so_far = "none" if best is None else f"{short(shown(scores[best]))} (trial {rows[best]['trial']})"
    values = listed(table.values_of(row))
    took = "" if seconds is None else f" ({seconds:.1f} s)"
    return f"Trial {row['trial']}/{trials}{took}: {values}: {result}; best so far: {so_far}"
