"""Pages for people, in Chinese and English. Those that show work without script; those that sign need it."""

from __future__ import annotations

from flask import Flask

from . import files, passport, slip, worker, yard
from .languages import install_languages

_BLUEPRINTS = (files.blueprint, passport.blueprint, slip.blueprint, worker.blueprint, yard.blueprint)


def install_pages(app: Flask) -> None:
    """Give an application its pages."""
    install_languages(app)
    for blueprint in _BLUEPRINTS:
        app.register_blueprint(blueprint)
