"""Images a second of the page of `keras-gen explore` while the pointer is dragged, and the time to its first image.

    pip install -e '.[test,explore]'
    python benchmarks/explorer.py

Measured in Chromium, without a window, on the machine that serves the page: a dense VAE of 28x28 images and a DCGAN of
32x32 colour images, both untrained, because weights make no difference in speed. The pointer moves over the plane in
small steps; the page counts the images that it has shown in the last second. The first image is that after the page is
opened, with the model loaded and the page served, and again when it is opened anew.
"""

import argparse
import re
import shutil
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

from keras_gen import presets

MODELS = {
    "dense VAE, 28x28": lambda: presets.build("vae", (28, 28, 1)),
    "DCGAN, 32x32x3": lambda: presets.build("dcgan", (32, 32, 3)),
}


def opened(browser, address):
    """A page, and the seconds until its first image is decoded."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_selector(".picture[src]")
    page.locator(".picture").first.evaluate("(image) => image.decode()")
    return page, time.perf_counter() - start


_DRAG = """(canvas, seconds) => new Promise((done) => {
    const [counts, start] = [[], performance.now()];
    let read = 1500; // milliseconds: the first whole second of counting is then over
    const step = () => {
        const now = performance.now() - start;
        const box = canvas.getBoundingClientRect();
        const [across, up] = [2, 3].map((speed) => 0.5 + 0.4 * Math.sin((speed * now) / 1000));
        const place = { clientX: box.left + across * box.width, clientY: box.top + up * box.height, bubbles: true };
        canvas.dispatchEvent(new PointerEvent("pointermove", place));
        if (now > read) {
            counts.push(parseInt(document.getElementById("rate").textContent));
            read += 1000;
        }
        if (now < 1000 * seconds) requestAnimationFrame(step);
        else done(counts);
    };
    step();
})"""


def dragged(page, seconds):
    """The page's own counts of images a second, read once a second, while the pointer moves over the plane."""
    return page.locator("canvas.plane").evaluate(_DRAG, seconds)


def measured(browser, model, seconds):
    """The seconds to the first image, twice, and the counts of images a second."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / "model.keras")
        command = ["keras-gen", "explore", f"{folder}/model.keras", "--no-browser"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                address = next(found[0] for line in server.stdout if (found := re.search(r"http://\S+/", line)))
                times, pages = [], []
                for _ in range(2):
                    page, first = opened(browser, address)
                    times.append(first)
                    pages.append(page)
                pages[0].close()
                return times, dragged(pages[1], seconds)
            finally:
                server.terminate()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with sync_playwright() as engine:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = engine.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for name, make in MODELS.items():
            times, counts = measured(browser, make(), options.seconds)
            print(
                f"{name}: first image {times[0]:.2f} s, opened again {times[1]:.2f} s; images a second "
                f"{statistics.median(counts)} (median of {len(counts)}, lowest {min(counts)})"
            )
        browser.close()
