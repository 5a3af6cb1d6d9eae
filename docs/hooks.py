"""Hooks of mkdocs: pages made from other files, links between pages, formulas, and checks of what is built."""

import re
from pathlib import Path

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File
from site_pages import gallery, lecture, notebooks, reference
from site_pages.captions import with_captions
from site_pages.formulas import formula
from site_pages.links import linked
from site_pages.public import ROOT, packages

_LOADED = r"""<(?:script|img|iframe|source|video|link rel="(?!canonical)[^"]*")[^>]*?(?:src|href)="(https?:[^"]*)"""


def on_config(config):
    """Add the lists of recipes and of packages to the navigation, and the format of formulas."""
    lists = {"Gallery": gallery.navigation(), "API reference": reference.navigation()}
    config.nav = [{title: lists.get(title, part) for title, part in entry.items()} for entry in config.nav]
    fences = [{"name": "math", "class": "math", "format": formula}]
    config.mdx_configs.setdefault("pymdownx.superfences", {})["custom_fences"] = fences
    return config


def on_files(files, config):
    """Add the pages and notebooks that no file of docs/ holds."""
    home = linked((ROOT / "README.md").read_text(), "README.md", "index.md")
    made = {
        "index.md": f"---\nhide: [navigation]\n---\n\n{home}\n## Gallery\n\n{gallery.one_picture_a_family()}\n",
        "contributing.md": linked((ROOT / "CONTRIBUTING.md").read_text(), "CONTRIBUTING.md", "contributing.md"),
        **gallery.pages(),
        **reference.pages(),
        **notebooks.pages(),
    }
    for page, text in made.items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown, page, config, files):
    """Complete the lecture, rewrite the links of the pages in docs/, and link notebooks."""
    source = page.file.src_uri
    if page.file.generated_by is not None:
        return markdown
    if source == "lecture.md":
        markdown = lecture.with_pictures(lecture.with_places(markdown))
    return notebooks.with_link(linked(markdown, f"docs/{source}", source), source)


def on_page_content(html, page, config, files):
    """Show the captions of pictures."""
    return with_captions(html)


def on_post_page(output, page, config):
    """Stop if a page would load something from elsewhere."""
    if addresses := re.findall(_LOADED, output):
        raise PluginError(f"Pages load nothing from elsewhere. Received: {addresses} in {page.file.src_uri}")
    return output


def on_post_build(config):
    """Stop if a public name is missing from the reference."""
    for package in packages():
        html = (Path(config.site_dir) / reference.page_of(package)).with_suffix(".html").read_text()
        if names := reference.missing(package, html):
            raise PluginError(f"Every public name must be in the reference. Missing from {package}: {', '.join(names)}")
