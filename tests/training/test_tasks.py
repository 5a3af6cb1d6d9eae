import pytest

from keras_gen import presets
from keras_gen.training.tasks import TASKS, has_task, require_task


@pytest.mark.parametrize("task", TASKS)
def test_a_model_without_a_task_is_refused_with_one_that_has_it(task):
    with pytest.raises(ValueError) as error:
        require_task("`it`", object(), task)
    assert f"`it` needs a model with the task '{task}'. Expected: a" in str(error.value)
    assert str(error.value).endswith(f"or another model with {TASKS[task]}. Received: object")


def test_tasks_are_declared():
    vae = presets.build("vae", (8, 8, 1), width=0.02)
    assert [has_task(vae, task) for task in ("sample", "translate")] == [True, False]
    require_task("`it`", vae, "sample")
