"""Agents that learn in an environment of Gymnasium."""
