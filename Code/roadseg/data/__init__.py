"""Raw frames -> batches, without TensorFlow."""
