"""Fit: what customer data say about the numbers of a scenario; `retainsim.fit(data)` makes one."""

import sys
from types import ModuleType
from typing import Any


class _Callable(ModuleType):
    """The package, which bears the name of its main function and may be called like it."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        from retainsim.fit.fitted import fit

        return fit(*args, **kwargs)


sys.modules[__name__].__class__ = _Callable
