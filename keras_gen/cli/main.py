"""The commands of `keras-gen`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli import runs
from keras_gen.cli.settings import Settings, given_on_command_line

app = typer.Typer(
    name="keras-gen",
    help="Train, sample and measure autoencoders and generative networks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_RUN = Annotated[Path, typer.Argument(help="A run's folder, as `train` leaves it.")]
_DATA = Annotated[str | None, typer.Option(help="Data, as for `train`. [default: the run's own]", show_default=False)]


@app.command("list")
def list_models():
    """The models that can be trained, and the data sets that need no path."""
    for line in runs.catalogue():
        typer.echo(line)


@app.command()
def train(
    context: typer.Context,
    model: Annotated[str, typer.Argument(help="A model's name, as `list` prints them.")],
    data: Annotated[str, typer.Option(help="digits, a tensorflow-datasets name, a folder, .npz or .npy.")] = "digits",
    epochs: Annotated[int, typer.Option(min=1, help="Epochs in all, also with --resume.")] = 50,
    batch_size: Annotated[int, typer.Option(min=1, help="Examples in one move.")] = 100,
    latent_dim: Annotated[int, typer.Option(min=1, help="Width of the code.")] = 2,
    reconstruction: Annotated[str, typer.Option(help="Likelihood: bernoulli or gaussian.")] = "bernoulli",
    binarization: Annotated[str, typer.Option(help="Draw binary pixels: none, static or dynamic.")] = "none",
    beta: Annotated[float, typer.Option(min=0, help="Weight of the KL.")] = 1.0,
    importance_samples: Annotated[int, typer.Option(min=1, help="k of the importance-weighted bound.")] = 1,
    kl_warmup: Annotated[int, typer.Option(min=0, help="Epochs until the KL has its full weight.")] = 0,
    learning_rate: Annotated[float, typer.Option(min=0, help="Adam's learning rate.")] = 1e-3,
    width: Annotated[float, typer.Option(min=0.001, help="Factor of the hidden widths.")] = 1.0,
    sample_every: Annotated[int, typer.Option(min=0, help="Epochs between pictures of samples; 0: none.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of weights, order and noise.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="The run's folder. [default: saved_models/MODEL-DATA]", show_default=False)
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in --out, or begin it.")] = False,
):
    """Train a model; its folder holds the model, its history, its settings and pictures."""
    values = {name: value for name, value in context.params.items() if name not in ("out", "resume")}
    out = out or Path("saved_models") / f"{model}-{Path(data).stem}"
    try:
        runs.train(Settings(**values), out, resume, given_on_command_line(context))
    except KeyboardInterrupt:
        typer.echo("Interrupted. The last finished epoch is saved; --resume goes on from there.", err=True)
        raise typer.Exit(130) from None


@app.command()
def sample(
    run: _RUN,
    n: Annotated[int, typer.Option(min=1, help="Number of samples.")] = 64,
    seed: Annotated[int | None, typer.Option(help="Seed of the latents; other samples each time without.")] = None,
    out: Annotated[Path, typer.Option(help="The picture's file.")] = Path("samples.png"),
):
    """Draw samples from a trained model into one picture."""
    runs.sample(run, n, seed, out)


@app.command()
def reconstruct(
    run: _RUN,
    data: _DATA = None,
    n: Annotated[int, typer.Option(min=1, help="Number of test images.")] = 10,
    out: Annotated[Path, typer.Option(help="The picture's file.")] = Path("reconstructions.png"),
):
    """Show test images above their reconstructions."""
    runs.reconstruct(run, data, n, out)


@app.command()
def evaluate(
    run: _RUN,
    data: _DATA = None,
    nll_samples: Annotated[int, typer.Option(min=0, help="Importance samples of the likelihood; 0: none.")] = 0,
):
    """Print the test losses, and the test likelihood if asked."""
    runs.evaluate(run, data, nll_samples)


def main():
    """Run the command line: one line for what the user can mend, and an exit code that is not 0."""
    try:
        app()
    except (ValueError, OSError, ImportError) as error:
        typer.echo(f"Error: {' '.join(str(error).split())}", err=True)
        sys.exit(1)
