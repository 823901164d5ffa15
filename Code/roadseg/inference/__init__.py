"""Using trained networks: exporting them for other runtimes."""
