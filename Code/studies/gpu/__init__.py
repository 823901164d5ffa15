"""A long training on CamVid for a GPU, written in JAX: three held-out roads, then the whole train part.

    KERAS_BACKEND=jax .venv/bin/python Code/studies/gpu/camvid.py --camvid FOLDER --minutes 8

The trainer of roadseg reads and augments on the CPU, which cannot feed a GPU. Here all frames and all
work stay on the device. The modules import little of roadseg, so that JAX, Keras, Pillow, isal and
what these need suffice on the machine with the GPU; only `summary`, which reads the results, needs
the whole project.

    augmentation    random changes of a batch of frames
    losses          those of roadseg.training, as functions on JAX arrays
    optimizer       AdamW and the averages of the weights
    training        whole epochs as one compiled loop, and the counts on held-out frames
    camvid          folds, records, command
    summary         the table in docs/results.md
"""
