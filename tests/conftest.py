"""Settings for all tests."""

from __future__ import annotations

from hypothesis import settings

# A shared machine may take any time for one example; what is tested is the result.
settings.register_profile("phytotron", deadline=None)
settings.load_profile("phytotron")
