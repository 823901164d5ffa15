"""Speed and size: one command a module, which writes a JSON file with `--output`.

results/ keeps more than the commands measure now; the code of commit b4dc63c made the rest: the files
compression, download, labelling_options and large_store, training without oneDNN, the labelling of videos
and its inner steps, and what a pixel's colour and row tell.
"""
