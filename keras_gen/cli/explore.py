"""The command `explore`: a page in the browser for a trained model."""

import importlib.util
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from keras_gen.cli.run_options import Data, imported
from keras_gen.data_paths import require_data
from keras_gen.files import require_file, require_model
from keras_gen.texts import on_one_line

_NEEDED = ("starlette", "uvicorn")


def explore(
    run: Annotated[Path, typer.Argument(help="The folder of a run or a search, or a .keras file.")],
    data: Data = None,
    host: Annotated[
        str, typer.Option(help="The address to listen at; 0.0.0.0 lets other machines in, with the page's address.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The first port to try.")] = 8765,
    standalone: Annotated[
        Path | None,
        typer.Option(
            help="Write the page as this .html file, which needs no server, for small decoders, and end.",
            show_default=False,
        ),
    ] = None,
    browser: Annotated[bool, typer.Option(help="Whether to open the page in the browser.")] = True,
):
    """Open a page in the browser to explore a trained model: latents, classes, translations."""
    if standalone is not None:
        require_file("--standalone", standalone, "page", (".html",))
    elif missing := [name for name in _NEEDED if importlib.util.find_spec(name) is None]:
        raise ImportError(
            f"`explore` needs {' and '.join(missing)}. Expected: pip install {' '.join(missing)}. Received: none"
        )
    require_model(run)
    if data is not None:
        require_data(data)
    explorer, reason = imported("keras_gen.explorer").explorer_of(run, data)
    if reason is not None:
        typer.echo(f"Remark: the page has no test images: {on_one_line(reason)}")

    if standalone is not None:
        imported("keras_gen.explorer.standalone").write_standalone(explorer, standalone)
        typer.echo(f"Wrote {standalone}")
        return

    def on_ready(address, used, once):
        taken = f" (port {port} is in use)" if used != port else ""
        typer.echo(f"The page is at {address}{taken}. Ctrl-C ends it.")
        if browser:
            webbrowser.open(once)

    imported("keras_gen.explorer.serving").serve(explorer, host, port, on_ready)
