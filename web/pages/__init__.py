"""Pages for people: each works without script, in Chinese and English."""

from __future__ import annotations

from flask import Flask

from . import files, passport
from .languages import install_languages

_BLUEPRINTS = (files.blueprint, passport.blueprint)


def install_pages(app: Flask) -> None:
    """Give an application its pages."""
    install_languages(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
