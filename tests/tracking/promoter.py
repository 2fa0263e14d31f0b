"""Promotes versions again and again. Run by test_lease.py as a script: python promoter.py N"""

from __future__ import annotations

import sys

from phytotron.errors import UserError
from phytotron.registry import promotion

if __name__ == "__main__":
    print("ready", flush=True)
    sys.stdin.readline()
    made = 0
    while made < int(sys.argv[1]):
        for version in ("1", "2", "3"):
            try:
                promotion.promote("router", version, force=True, why=f"process {sys.argv[2]}")
                made += 1
            except UserError as error:
                if "champion already" not in str(error):
                    raise
    print(made)
