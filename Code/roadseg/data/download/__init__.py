"""Fetches single sequences of Virtual KITTI out of its official archives.

A tar archive has no table of contents, but each header says how far it is to the next one. So a header
is read, its member skipped or fetched, and the position of every member noted for the next sequence.
"""

from roadseg.data.download.catalogue import LICENCE
from roadseg.data.download.fetching import fetch
from roadseg.data.download.planning import Plan, plan
from roadseg.data.download.remote import RetryPolicy

__all__ = ["LICENCE", "Plan", "RetryPolicy", "fetch", "plan"]
