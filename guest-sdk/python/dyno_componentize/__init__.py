"""Builds a component from a Python file, with componentize-py. Runs outside the component:
`python -m dyno_componentize bench.py -o build/plugin.wasm`."""
