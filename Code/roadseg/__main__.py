"""`python -m roadseg`: the command where the installed one is not on the path."""

import sys

from roadseg.cli import main

sys.exit(main())
