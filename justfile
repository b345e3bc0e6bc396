python := ".venv/bin/python"

test *paths:
    {{python}} -m pytest -n 2 {{paths}}

lint:
    {{python}} -m ruff check .
    {{python}} -m ruff format --check .

types:
    {{python}} -m mypy

docs:
    {{python}} -m mkdocs build --strict

schema:
    .venv/bin/superpose schema --shipped --check recipes/superpose.schema.json

measure:
    {{python}} -m tests.support.measure -v

bench:
    {{python}} benchmarks/sampling.py

changes:
    {{python}} -m tests.support.changes

coverage:
    .ci/measured .venv .venv/bin/pytest -n 2
