"""What the fixture `inside` gives."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from uuid import UUID

Inside = Callable[[UUID], AbstractContextManager[None]]
