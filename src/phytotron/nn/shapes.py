"""Shape annotations such as `Float[Tensor, "batch channels height width"]`.

They are read by people, and checked in every call under `pytest --check-shapes`. Only then is
jaxtyping imported: it is a dependency of development, and importing it takes time. A name stands
for the same size in all arguments and the result of a call; `*shape` stands for any number of
dimensions, and `...` for any that need not agree. A single name has a space in front, so that
linters do not take it for a variable.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or "jaxtyping" in sys.modules:
    from jaxtyping import Bool, Float, Int, Shaped
else:
    # Annotations are strings at run time, which nothing evaluates.
    Bool = Float = Int = Shaped = Any

__all__ = ["Bool", "Float", "Int", "Shaped"]
