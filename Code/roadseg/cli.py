"""Fetches sequences of Virtual KITTI for `make data SEQUENCES=... ACCEPT_LICENCE=yes`.

Without ACCEPT_LICENCE it says what it would fetch, and under which licence.
"""

import argparse
import sys
from pathlib import Path

from roadseg.data import download
from roadseg.errors import DataError

_HERE = Path(__file__).resolve().parent


def main(arguments: list[str] | None = None) -> int:
    options = _parse(arguments)
    try:
        print(download.plan(options.sequences, options.target, options.version))
        if not options.accept_licence:
            print(f"\n{download.LICENCE}Nothing was fetched; ACCEPT_LICENCE=yes accepts this.")
            return 0
        download.fetch(
            options.sequences, options.target, options.version, options.url, accept_licence=True
        )
    except DataError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; what is complete is kept, so call again to continue", file=sys.stderr)
        return 1
    print(f"Complete in {options.target}")
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--sequences", nargs="+", required=True, help='"0001/sunset", "0001", "Scene01/sunset/Camera_0"'
    )
    parser.add_argument("--version", default="1.3.1", help="1.3.1 or 2.0.3")
    parser.add_argument("--target", type=Path, default=_HERE / "Data", help="folder to fetch into")
    parser.add_argument("--url", help="another address, or a folder, that has the archives")
    parser.add_argument("--accept-licence", action="store_true", help="CC BY-NC-SA 3.0")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
