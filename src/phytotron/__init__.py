"""Models grown under controlled, repeatable conditions."""

import os

# Threads that wait should sleep: spinning ones make training ten times slower when something else
# needs the cores. OpenMP reads this when torch is imported, which happens later.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
