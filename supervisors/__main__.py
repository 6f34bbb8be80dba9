"""The entry point of `pitboss` and of `python -m supervisors`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from supervisors.origin import foreign_packages, foreign_packages_message

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    foreign = foreign_packages()
    if foreign:
        print(foreign_packages_message(foreign), file=sys.stderr)
        return 1
    from supervisors.cli import run  # only now is it certain which packages this imports

    return run(sys.argv[1:] if arguments is None else arguments)


if __name__ == "__main__":
    sys.exit(main())
