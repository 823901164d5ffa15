"""Speed and size: one command a module, which writes a JSON file with `--output`.

results/ keeps more than the commands measure now. The code of commit b4dc63c made the rest:
labelling_options, training without oneDNN, the labelling of videos and its inner steps, and what a
pixel's colour and row tell.
"""
