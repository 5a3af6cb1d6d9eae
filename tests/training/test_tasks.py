import pytest

from keras_gen import models, networks, presets
from keras_gen.training.tasks import TASKS, has_task, require_task


@pytest.mark.parametrize("task", TASKS)
def test_a_model_without_a_task_is_refused_with_one_that_has_it(task):
    with pytest.raises(ValueError) as error:
        require_task("`it`", object(), task)
    assert f"`it` needs a model with the task '{task}'. Expected: a" in str(error.value)
    assert str(error.value).endswith(f"or another model with {TASKS[task]}. Received: object")


@pytest.mark.parametrize(("classes", "names"), [((3, None), "(labels, condition)"), ((None,), "condition")])
def test_conditions_that_leave_out_a_task_are_named(classes, names):
    number, width = (*classes, None)[0], 2
    options = {"num_classes": number, "condition_dim": width}
    parts = networks.mlp_generator(3, (), (6,), **options), networks.mlp_discriminator((6,), (), **options)
    model = models.ConditionalGAN(*parts, 3, classes)
    with pytest.raises(ValueError) as error:
        require_task("`it`", model, "sample")
    expected = (
        f"Expected: classes alone, or in Python sample(..., labels={names}). Received: a ConditionalGAN of {names}"
    )
    assert str(error.value) == f"`it` cannot give the model its conditions. {expected}"


def test_tasks_are_declared():
    vae = presets.build("vae", (8, 8, 1), width=0.02)
    assert [has_task(vae, task) for task in ("sample", "translate")] == [True, False]
    require_task("`it`", vae, "sample")
