"""The verifier: a source of entries and a trust file in, findings out.

Start at `verify_source`. The procedure is the numbered list of `docs/format.md`: `audit` follows its order,
the modules cite its steps. Nothing here loads a web server, an object mapper or marshmallow.
"""
