"""Kills what takes long at random moments, lets it continue, and compares what it ends with.

.venv/bin/python -m tests.kills --kills 200
"""
