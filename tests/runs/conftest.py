"""A small project with experiments, in a folder of its own."""

from tests.fixtures.small_zoo import change, garden, make_result, project, write  # noqa: F401
