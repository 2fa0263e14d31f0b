"""Algorithms in NumPy, each module one lesson; docs/lessons.md has them in an order to read them.

What a library does elsewhere in this project is written out here, and a test shows that both give
the same numbers. `graph` differentiates by itself; all others have their pass back written out.
"""
