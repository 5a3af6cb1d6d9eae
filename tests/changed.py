"""Run the tests of the files that the working tree changes; `make check` calls it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
_DOCUMENTS = "tests/test_docs.py"  # runs the code blocks of README and docs/
_SITE = "tests/test_site.py"
_HELPERS = {"tests/contract.py": "tests/test_contract.py"}


def changed(repository=ROOT):
    """Paths of the files that differ from the last commit, or are new, relative to the repository."""
    commands = ["diff", "--name-only", "HEAD"], ["ls-files", "--others", "--exclude-standard"]
    options = {"cwd": repository, "capture_output": True, "text": True, "check": True}
    outputs = [subprocess.run(["git", *one], **options) for one in commands]
    return sorted({line for output in outputs for line in output.stdout.splitlines()})


def tests_of(paths):
    """What pytest is to run for changed files.

    Args:
        paths: Paths relative to the repository; files that are not there any more are skipped.

    Returns:
        Sorted list of test files and test ids: of `keras_gen/a/b.py` `tests/a/test_b.py` and the examples of its
        docstrings, of a recipe its tests, of documents their code blocks, of the site's code and pictures its tests.
    """
    found = set()
    for path in map(Path, paths):
        first, *inner = path.parts
        if not (ROOT / path).exists():
            continue
        if first == "keras_gen" and path.suffix == ".py":
            module = ".".join(path.with_suffix("").parts).removesuffix(".__init__")
            found |= {f"tests/test_structure.py::test_examples_in_docstrings_run[{module}]"} if "." in module else set()
            found.add(str(Path("tests", *inner).with_name(f"test_{path.stem}.py")))
        elif first == "recipes" and path.suffix == ".py":
            tests = "test_recipe", "test_help_describes_the_recipe_and_every_option"
            found |= {f"tests/test_recipes.py::{test}[{path.stem}]" for test in tests}
        elif first == "tests" and path.name.startswith("test_"):
            found.add(str(path))
        elif first == "docs" and path.suffix != ".md":
            found.add(_SITE)
        elif path.suffix == ".md":
            found.add(_DOCUMENTS)
        found |= {_HELPERS[str(path)]} if str(path) in _HELPERS else set()
    return sorted(one for one in found if (ROOT / one.partition("::")[0]).exists())


if __name__ == "__main__":
    chosen = tests_of(changed())
    print("\n".join(chosen) or "No tests belong to what is changed.")
    sys.exit(subprocess.call([sys.executable, "-m", "pytest", *chosen], cwd=ROOT) if chosen else 0)
