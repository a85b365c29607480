"""Rows whose column is one of many values, which go to the database as one: a text of JSON.

With a placeholder for each value, SQLAlchemy writes the statement anew for every query, at 20 us a value.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import orjson
from sqlalchemy import Column, ColumnElement, Text, bindparam, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

_NAME: Final = "among"


class each_text(GenericFunction[str]):
    """The texts of an array of JSON, a row each, in the column ``value``."""

    inherit_cache = True
    type = Text()


@compiles(each_text, "sqlite")
def _sqlite(element: each_text, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


@compiles(each_text, "postgresql")
def _postgresql(element: each_text, compiler: Any, **options: Any) -> str:
    return f"json_array_elements_text(CAST({compiler.process(element.clauses, **options)} AS json))"


def is_among(column: Column[Any]) -> ColumnElement[bool]:
    """That a column is one of the values which the query is given by `among`."""
    return column.in_(select(each_text(bindparam(_NAME, type_=Text())).table_valued("value").c.value))


def among(values: Iterable[str]) -> dict[str, str]:
    """The values, as a query takes them."""
    return {_NAME: orjson.dumps(list(values)).decode()}
