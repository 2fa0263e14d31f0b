"""A small project with experiments, in a temporary folder."""

from tests.fixtures.small_zoo import change, garden, make_result, project, write  # noqa: F401
