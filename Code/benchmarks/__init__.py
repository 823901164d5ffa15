"""Speed and size: one command a module, which writes a JSON file with `--output`.

results/ also keeps compression, download, labelling_options and large_store, measured by the code of
commit b4dc63c.
"""
