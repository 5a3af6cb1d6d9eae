"""The pages of the site that are made from README.md, recipes/ and the docstrings; `docs/hooks.py` calls them."""
