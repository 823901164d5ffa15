"""Raw frames -> batches, without TensorFlow or a renderer.

The modules in the order of the data's way:

    (download ->) sources -> preprocess -> store -> splits -> batches

with `classes` and `resize` for preprocessing, and `augmentation` for batches.
"""
