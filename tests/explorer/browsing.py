"""A browser, and what tests do with the pages in it."""

import contextlib
import shutil
import threading
import time

import numpy as np
import uvicorn

from keras_gen.explorer.server import application
from keras_gen.explorer.serving import bound

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1100, "height": 800}


@contextlib.contextmanager
def served(explorer, port=0):
    """Serve an explorer on a free port, or on one that has been free before; the address of its page."""
    with contextlib.closing(bound("127.0.0.1", port)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(application(explorer, "token", {host}), log_level="error", lifespan="off")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        yield f"http://{host}/token/"
        server.should_exit = server.force_exit = True
        thread.join()


@contextlib.contextmanager
def opened(browser, address, size=None):
    """A page without an error in its console, and without a request to another host."""
    problems = []
    page = browser.new_page(viewport=size or DESK)
    page.set_default_timeout(20_000)
    page.on("console", lambda line: line.type in ("error", "warning") and problems.append(line.text))
    page.on("pageerror", lambda error: problems.append(str(error)))
    own = (address, "blob:", "data:")
    page.on("request", lambda request: request.url.startswith(own) or problems.append(request.url))
    page.goto(address)
    page.wait_for_selector(".picture[src]")
    yield page
    page.close()
    assert problems == []


def tab(page, name):
    page.get_by_role("tab", name=name).click()
    page.wait_for_selector(".picture[src]")


def pixels(page, caption):
    """The pixels of the picture with a caption, as the page shows them: uint8 `(height, width)`."""
    image = page.locator("figure", has_text=caption).locator("img").first
    read = """async (image) => {
        for (let source = null; source !== image.src; ) {
            source = image.src;
            await image.decode().catch((error) => {
                if (source === image.src) throw error; // else a newer picture took its place
            });
        }
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
        const context = canvas.getContext("2d");
        context.drawImage(image, 0, 0);
        return [canvas.height, canvas.width, ...context.getImageData(0, 0, canvas.width, canvas.height).data];
    }"""
    height, width, *values = image.evaluate(read)
    return np.array(values, "uint8").reshape(height, width, 4)[..., 0]


def until(fits):
    """Wait until a function of no arguments is true: what the page shows follows a request."""
    end = time.monotonic() + 20
    while not fits():
        assert time.monotonic() < end, "the page has not changed"
