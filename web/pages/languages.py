"""In which language a page is written: Chinese or English, by what its reader chose or the browser asks for.

Texts stand in English in the code and the templates. The catalogue beside them is gettext's, read as its
translators write it.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, g, request

CHINESE: Final = "zh"
ENGLISH: Final = "en"
LANGUAGES: Final = {CHINESE: "中文", ENGLISH: "English"}
"""Each by its own name, in its own script."""

TAGS: Final = {CHINESE: "zh-Hans", ENGLISH: "en"}  # as HTML names them (BCP 47)
CATALOGUES: Final = Path(__file__).parent.parent / "translations" / CHINESE
"""One file for each room of the pages, in the form of gettext."""

_CHOICE: Final = "lang"


def install_languages(app: Flask) -> None:
    """Let templates translate: ``_`` and ``{% trans %}``."""
    catalogues = load_catalogues()

    def here() -> NullTranslations:
        return catalogues[language()]

    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # made by the extension
        lambda text: here().gettext(text), lambda one, many, n: here().ngettext(one, many, n), newstyle=True
    )
    app.context_processor(
        lambda: {"language": language(), "languages": LANGUAGES, "language_tag": TAGS[language()]}
    )


def load_catalogues() -> dict[str, NullTranslations]:
    """The translations into each language; English is what the texts are written in."""
    chinese = Translations()
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            catalogue = read_po(file, locale=CHINESE, abort_invalid=True)
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        compiled.seek(0)
        chinese.merge(Translations(compiled))
    return {CHINESE: chinese, ENGLISH: NullTranslations()}


def messages() -> dict[str, str]:
    """Every text in Chinese, by the English one: for scripts."""
    found: dict[str, str] = {}
    for path in sorted(CATALOGUES.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=CHINESE, abort_invalid=True):
                if isinstance(message.id, str) and message.id and message.string:
                    found[message.id] = str(message.string)
    return found


def language() -> str:
    """The language of the page that is being made."""
    found: str | None = g.get("packtrace_language")
    if found is None:
        chosen = request.args.get(_CHOICE, "")
        found = chosen if chosen in LANGUAGES else _asked_for()
        g.packtrace_language = found
    return found


def _asked_for() -> str:
    return request.accept_languages.best_match([CHINESE, ENGLISH]) or CHINESE
