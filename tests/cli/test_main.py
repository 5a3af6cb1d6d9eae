import functools
import json
import os
import re
import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from keras_gen import data, load_model, models, presets, runs
from keras_gen.cli import catalogue
from keras_gen.cli import main as cli
from keras_gen.cli.models import train_command, tune_command
from keras_gen.version import __version__

ROOT = Path(__file__).parents[2]


@pytest.mark.compiled
def test_train_leaves_a_whole_run_that_is_resumed_and_never_overwritten(run, refused, tmp_path):
    folder = tmp_path / "run"
    small = ["--width", 0.02, "--batch-size", 720, "--epochs", 2]
    code, out, err = run(
        "train", "convolutional-vae", *small, "--beta", 4, "--kl-warmup", 4, "--seed", 3, "--out", folder
    )
    assert code == 0 and str(folder) in out and "Validation loss after epoch 2: " in out and " nats" in out, err
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", out), "no control characters where there is no terminal"
    first, *epochs = out.splitlines()
    assert first.startswith("Training ends after 4 steps (2 epochs of 2). That is little: this model needs 500 or more")
    assert [line.split(" (")[0] for line in epochs][:2] == ["Epoch 1/2", "Epoch 2/2"]
    pictures = {"samples.png", "reconstructions.png", "latent.png", "history.png"}
    assert {path.name for path in folder.glob("[!.]*")} == {"model.keras", "history.csv", "settings.json", *pictures}
    arguments = json.loads((folder / "settings.json").read_text())["arguments"]
    assert (arguments["beta"], arguments["seed"], arguments["latent_dim"]) == (4, 3, 2)

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for words, message in (
        (("convolutional-vae", *small), "already holds a model. Expected: a new folder for --out, or --resume"),
        (
            ("convolutional-vae", "--resume", "--latent-dim", 3),
            "A resumed run keeps its settings. Expected: --latent-dim 2.",
        ),
        (("burda-vae", "--resume"), "Expected: model convolutional-vae. Received: burda-vae"),
    ):
        assert message in refused("train", *words, "--out", folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before

    code, out, err = run("train", "convolutional-vae", "--out", folder, "--resume")
    assert code == 0 and "Nothing to train: 2 epochs done, 2 asked for." in out, err
    assert (folder / "model.keras").read_bytes() == before["model.keras"]
    code, out, err = run("train", "convolutional-vae", "--out", folder, "--resume", "--epochs", 3)
    assert code == 0 and "after epoch 3" in out and "Nothing" not in out, err


def test_the_version(run):
    assert run("--version") == (0, f"keras-gen {__version__}\n", "")


def test_a_run_of_some_minutes_in_half_precision(run, refused, tmp_path):
    options = ["--width", 0.05, "--batch-size", 360, "--epochs", 3, "--precision", "mixed_bfloat16", "--tensorboard"]
    code, out, err = run("train", "vae", *options, "--minutes", 1e-6, "--out", tmp_path / "run")
    assert code == 0 and "after epoch 1:" in out, err
    model = load_model(tmp_path / "run")
    assert {layer.compute_dtype for layer in model.encoder.layers if layer.weights} == {"bfloat16"}
    assert list((tmp_path / "run" / "tensorboard").rglob("events*"))
    code, out, err = run("train", "vae", "--epochs", 3, "--resume", "--out", tmp_path / "run")
    assert code == 0 and "after epoch 3:" in out, err
    assert "`--minutes` must be a finite number > 0" in refused("train", "vae", "--minutes", 0, "--out", tmp_path / "n")
    assert not (tmp_path / "n").exists()


def test_test_images_that_do_not_suit_are_refused_before_anything_is_written(refused, tmp_path):
    np.savez(tmp_path / "data.npz", x_train=np.zeros((32, 8, 8, 1)), x_test=np.ones((32, 4, 4, 1)))
    options = ["--data", tmp_path / "data.npz", "--width", 0.05, "--batch-size", 16, "--out", tmp_path / "run"]
    assert "`x` does not fit the network" in refused("train", "gan", *options)
    assert not (tmp_path / "run").exists()


@pytest.mark.compiled
def test_sample_interpolate_reconstruct_and_evaluate(vae, run, tmp_path):
    for command in (("sample", vae, "--n", 9, "--seed", 1), ("reconstruct", vae, "--n", 4)):
        code, out, err = run(*command, "--out", tmp_path / "a.png")
        assert code == 0 and f"Wrote {tmp_path / 'a.png'}" in out, err
        assert np.asarray(Image.open(tmp_path / "a.png")).std() > 0
    code, out, err = run("evaluate", vae, "--nll-samples", 5)
    assert code == 0, err
    names = [line.split(":")[0] for line in out.splitlines()]
    assert names == ["kl", "loss", "reconstruction", "nll[importance,samples=5]"]
    assert re.search(r"nll\[importance,samples=5\]: \d+\.\d{4} \+- \d\.\d{4}$", out.strip())


def test_samples_and_paths_of_the_classes_asked_for(conditional, run, tmp_path):
    assert (conditional / "samples-0002.png").exists()
    pictures = []
    for labels in (["--labels", "3"], ["--labels", "7"], []):
        code, _, err = run("sample", conditional, "--n", 9, "--seed", 1, *labels, "--out", tmp_path / "a.png")
        assert code == 0, err
        pictures.append(np.asarray(Image.open(tmp_path / "a.png")))
    assert (pictures[0] != pictures[1]).any()
    assert pictures[0].shape[0] < pictures[2].shape[0], "each class has a row"
    for path in ("linear", "spherical"):
        options = ["--rows", 2, "--steps", 5, "--path", path, "--labels", "1,2", "--seed", 0]
        code, _, err = run("interpolate", conditional, *options, "--out", tmp_path / "way.png")
        assert code == 0 and np.asarray(Image.open(tmp_path / "way.png")).std() > 0, err


def test_evaluate_measures_samples_in_the_names_that_say_how(conditional, run):
    options = ["--metrics", "FID,precision", "--n", 100, "--features", "identity"]
    code, out, err = run("evaluate", conditional, *options)
    assert code == 0 and "Warning: `fid` is measured as `frechet`" in err, err
    lines = dict(line.split(": ", 1) for line in out.splitlines())
    metrics = {"frechet[identity,n=100]", "precision[identity,k=3,n=100]"}
    assert {"discriminator_loss", "generator_loss", *metrics} < set(lines)
    assert float(lines["frechet[identity,n=100]"].split()[0]) > 1, "of a generator of two epochs"
    assert all("(training images " in lines[name] for name in metrics)


def test_evaluate_states_the_accuracy_of_the_classifier_and_remarks_on_samples_that_are_alike(vae, run, monkeypatch):
    image = data.load("digits")[1].x[:1]
    monkeypatch.setattr(models.VAE, "sample", lambda self, n, seed: np.repeat(image, n, axis=0))
    quick = functools.partial(runs.trained_classifier, epochs=1, batch_size=240)
    monkeypatch.setattr("keras_gen.runs.sample_quality.trained_classifier", quick)
    code, out, err = run("evaluate", vae, "--metrics", "density,coverage")
    assert code == 0, err
    lines = dict(line.split(": ", 1) for line in out.splitlines())
    assert 0.1 < float(lines["accuracy[lenet5]"]) <= 1
    assert lines["Remark"].startswith("density is high (") and lines["Remark"].endswith(".")


def test_evaluate_prints_the_error_of_a_classifier_and_writes_what_it_confuses(run, tmp_path):
    presets.build("lenet5", (8, 8, 1), width=0.2).save(tmp_path / "model.keras")
    runs.Settings("lenet5", options={"num_classes": 10}).write(tmp_path)
    code, out, err = run("evaluate", tmp_path)
    assert code == 0, err
    assert re.search(r"^error: 0\.\d{4} \+- 0\.\d{4}$", out, re.MULTILINE)
    assert out.strip().endswith(f"Wrote {tmp_path / 'confusion.png'}") and (tmp_path / "confusion.png").exists()


def test_what_a_run_cannot_do_is_one_line(vae, conditional, refused):
    for arguments, message in (
        (("reconstruct", conditional), "`reconstruct` needs a model with the task 'reconstruct'"),
        (("sample", conditional, "--labels", "a"), "Unknown class. Expected: one of ['0', '1', '2'"),
        (("sample", conditional, "--labels", ","), "--labels must name classes. Expected: among ['0', '1'"),
        (("sample", vae, "--labels", "1"), "--labels are for a conditional model"),
        (("evaluate", conditional, "--nll-samples", 5), "needs a model with the task 'likelihood'"),
        (("translate", vae, "."), "`translate` needs a model with the task 'translate'"),
    ):
        assert message in refused(*arguments)


def test_an_unknown_metric_is_refused_before_anything_is_announced(vae, run):
    for command in ("evaluate", "compare"):
        code, out, err = run(command, vae, "--metrics", "wrong")
        assert code == 1 and err.startswith("Error: Unknown metric. ") and err.count("\n") == 1 and not out


def test_a_damaged_run_is_one_line(vae, refused):
    (vae / "model.keras").write_bytes(b"cut")
    assert "cut short" in refused("sample", vae)
    (vae / "settings.json").write_text("{")
    assert "settings.json' is damaged" in refused("sample", vae)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("train", "vea"), 1, "Unknown model. Did you mean 'vae'?"),
        (("train", "vae", "--data", "fashion_mnst"), 1, "Did you mean 'fashion_mnist'?"),
        (("train", "vae", "--data", "nowhere/x.npz"), 1, "No data at that path."),
        (("train", "vae", "--data", "nowhere/"), 1, "No data at that path."),
        (("train", "vae", "--importance-samples", "5", "--beta", "2"), 1, "`beta` must be 1"),
        (("train", "vgg16"), 1, "too small for VGG-16. Expected: sides of 32 or more; `size` (--size) resizes"),
        (("train", "vae", "--binarization", "sometimes"), 2, "'none', 'static', 'dynamic'"),
        (("train", "burda-vae", "--importance-samples", "5", "--kl-warmup", "3"), 1, "--kl-warmup needs a separate KL"),
        (("train", "vae", "--units", "4,b"), 1, "--units must be whole numbers separated by commas."),
        (("train", "autoencoder", "--units", "-4"), 1, "`units` must be an integer >= 1. Received: units=-4"),
        (("train", "sparse", "--sparsity-kind", "l2"), 2, "'kl', 'l1', 'k'"),
        (("train", "sparse", "--latent-dim", "-3"), 1, "`latent_dim` must be an integer >= 1"),
        (("train", "autoencoder", "--corruption", "1.5"), 1, "`corruption` must be a number in [0, 1)"),
        (("train", "stacked", "--pretrain-corruption", "1.5"), 1, "`corruption` must be a number in [0, 1)"),
        (("train", "stacked", "--pretrain-epochs", "-1"), 1, "`--pretrain-epochs` must be an integer >= 0"),
        (("train", "vae", "--sample-every", "-1"), 1, "`--sample-every` must be an integer >= 0"),
        (("train", "vae", "--kl-warmup", "-1"), 1, "`--kl-warmup` must be an integer >= 0"),
        (("train", "autoencoder", "--width", "0"), 1, "`width` must be a finite number > 0"),
        (("train", "vae", "--learning-rate", "-1"), 1, "`learning_rate` must be a finite number >= 0"),
        (("train", "gan", "--binarization", "dynamic"), 1, "--binarization is for models that reconstruct"),
        (("train", "wgan", "--clip", "0"), 1, "`clip` must be a finite number > 0"),
        (("train", "dcgan", "--filters", "0"), 1, "`filters` must be an integer >= 1"),
        (
            ("train", "conditional-gan", "--num-classes", "5"),
            1,
            "--num-classes must match the data.",
        ),
        (("train", "vae", "--epochs", "0"), 2, "Invalid value for '--epochs'"),
        (("tune", "autoencodr", "--search", "corruption=0:0.5"), 1, "Unknown model. Did you mean 'autoencoder'?"),
        (("tune", "cyclegan", "--search", "width=1:2"), 1, "`tune` is for models of one set."),
        (("tune", "vae", "--search", "beta=1:2", "--objective", "nll=x"), 1, "--objective must be a name, or names"),
        (("tune", "gan", "--search", "latent_dim=2:4", "--workers", "0"), 2, "Invalid value for '--workers'"),
        (("tune", "autoencoder"), 2, "Missing option '--search'"),
        (("tune", "autoencoder", "--search", "latent_dm=2:4"), 1, "Unknown search range. Did you mean 'latent_dim'?"),
        (("tune", "autoencoder", "--search", "latent_dim=4:2"), 1, "The search range of `latent_dim` is empty."),
        (("tune", "autoencoder", "--search", "corruption=0:2"), 1, "`corruption` must be a number in [0, 1)"),
        (("trian",), 2, "No such command 'trian'. Did you mean 'train'? Expected: see `"),
        (("train", "vae", "--width"), 2, "Option '--width' requires an argument. Expected: see `--help`"),
        (("sample", "nowhere", "--n", "0"), 2, " sample --help`. Received: --n 0"),
        (("sample", "nowhere"), 1, "No run in that folder."),
        (("interpolate", "nowhere", "--path", "round"), 2, "'linear', 'spherical'"),
        (("evaluate", "nowhere"), 1, "No run in that folder."),
        (("evaluate", "nowhere", "--features", "vgg"), 2, "'lenet5', 'inception_v3', 'identity'"),
    ],
)
def test_bad_input_is_one_line_and_a_code_and_leaves_nothing(arguments, code, message, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, _, err = run(*arguments)
    assert found == code and message in err and "Traceback" not in err
    assert len(err.strip().splitlines()) == 1 and err.startswith("Error: ")
    assert not list(tmp_path.rglob("*"))


def test_list_names_every_model(run):
    code, out, _ = run("list")
    assert code == 0 and all(name in out for name in ("vae", "convolutional-vae", "burda-vae", "digits", "mnist"))


def commands():
    """The words of every command, and the command itself."""
    for name, command in typer.main.get_command(cli.app).commands.items():
        if name not in ("train", "tune"):
            yield [name], command
    for name in catalogue.presets():
        yield ["train", name], typer.main.get_command(train_command(name))
    for name in catalogue.presets(without="translate"):
        yield ["tune", name], typer.main.get_command(tune_command(name))


@pytest.mark.parametrize(("words", "command"), [pytest.param(*pair, id="-".join(pair[0])) for pair in commands()])
def test_help_explains_every_option_and_shows_names_whole_at_80_columns(words, command, run, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = run(*words, "--help")
    assert code == 0 and max(map(len, out.splitlines())) <= 80 and "…" not in out, out
    for parameter in command.params:
        assert parameter.help, parameter.name
        for name in [*parameter.opts, *parameter.secondary_opts] if parameter.param_type_name == "option" else []:
            assert re.search(rf"(?<![\w-]){name}(?![\w-])", out), name


def test_help_of_tune_lists_what_can_be_searched(run):
    _, out, _ = run("tune", "sparse", "--help")
    lines = out[out.index("Names for --search, with usual ranges:") :].split()
    assert "sparsity_kind=kl|l1|k" in lines and "k=6:100" in lines and "latent_dim=25:400" in lines
    _, out, _ = run("tune", "vae", "--help")
    assert "\n    layers=1:3\n    nodes=64:1024\n" in out


def test_help_shows_defaults_and_texts(run):
    code, out, _ = run("train", "vae", "--help")
    text = " ".join(out.split())
    for part in ("[default: 50; x>=1]", "[default: digits]", "[default: 400,100]", "none|static|dynamic"):
        assert part in text
    assert "Above 1, beta must be 1. [default: 1]" in text and "--pretrain-epochs" not in text
    code, out, _ = run("train", "--help")
    assert code == 0 and all(name in out for name in ("stacked", "burda-vae"))
    code, out, _ = run("tune", "--help")
    assert code == 0 and "stacked" in out and "cyclegan" not in out


@pytest.mark.parametrize(
    "words", [["--help"], ["list"], *([name, "--help"] for name in ("train", "tune", "sample", "describe"))]
)
def test_help_and_lists_import_neither_keras_nor_numpy(words):
    code = (
        f"import sys; sys.argv = ['keras-gen', *{words}]\nfrom keras_gen.cli.main import main\n"
        "try: main()\nfinally: print([name for name in ('tensorflow', 'keras', 'numpy') if name in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.stderr == "" and done.stdout.splitlines()[-1] == "[]" and len(done.stdout.splitlines()) > 5


def assert_one_line(done):
    """TensorFlow's lines of a fresh process are not among those of a command that imports it."""
    assert done.returncode == 1 and done.stdout == "" and done.stderr.startswith("Error: No run in that folder.")
    assert done.stderr.count("\n") == 1


def test_an_installed_package_has_a_working_command(tmp_path):
    """`pip install .`, not editable, into a fresh environment that sees the packages of this one."""
    source, environment = tmp_path / "source", tmp_path / "environment"
    shutil.copytree(ROOT / "keras_gen", source / "keras_gen", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    venv.create(environment, symlinks=True)
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "others.pth").write_text("\n".join(site.getsitepackages()))
    offline = ["--no-deps", "--no-build-isolation", "--no-index", "--ignore-installed", "--quiet"]
    python = environment / "bin" / "python"
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    options = {"capture_output": True, "text": True, "cwd": tmp_path, "env": clean}
    done = subprocess.run([python, "-m", "pip", "install", *offline, source], **options)
    assert done.returncode == 0, done.stderr
    assert (packages / "keras_gen" / "cli" / "main.py").exists()
    done = subprocess.run([environment / "bin" / "keras-gen", "list"], **options)
    assert done.returncode == 0 and done.stdout.startswith("Models:") and "  burda-vae" in done.stdout, done.stderr
    done = subprocess.run([environment / "bin" / "keras-gen", "sample", "nowhere"], **options)
    assert_one_line(done)
