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
    mkdir -p build
    {{python}} -m coverage run --source=superpose.kinds,superpose.media,superpose.plugins -m pytest -n 0 tests/engine/kinds tests/engine/media tests/engine/plugins
    {{python}} -m coverage json -q -o build/coverage.json
    {{python}} -m tests.support.floors build/coverage.json
