"""All measurements in turn, at moderate sizes, or those named: `python -m benchmarks [delivery|journal|…]`.

Each runs in a process of its own: what one leaves behind, or sets, is not measured by the next.
"""

from __future__ import annotations

import subprocess
import sys
from time import perf_counter

# name → arguments; what they mean says each module
BENCHMARKS: dict[str, tuple[int, ...]] = {
    "delivery": (128_000, 3),
    "journal": (50_000,),
    "journal_orders": (500,),
    "recovery": (100_000,),
    "live_path": (5, 100),
    "rules": (20_000, 5),
    "replay": (100_000, 3),
    "restart": (100_000, 200),
    "signal_path": (100, 20),
    "simulator": (3, 50_000, 1_000, 2),
    "days": (2,),
    "log": (2_000,),
    "monitor": (60,),
}


def main(names: list[str]) -> int:
    """Run them; return the exit code."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or BENCHMARKS:
        began = perf_counter()
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *map(str, BENCHMARKS[name])]).returncode
        print(f"{name}: {perf_counter() - began:.0f} s\n", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
