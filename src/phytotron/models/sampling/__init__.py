"""Markov chains that sample from a distribution."""
