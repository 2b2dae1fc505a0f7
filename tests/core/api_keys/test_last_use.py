"""When keys were last used, noted while others are written."""

from __future__ import annotations

import threading

from core import ids
from core.api_keys.last_use import LastUse
from core.http.application import Application


class TestNote:
    def test_while_others_are_written_is_not_lost(self, app: Application) -> None:
        with app.app_context():
            last_use, key_id = LastUse(app), ids.new()
            last_use.note(key_id)
            again = threading.Thread(target=last_use.note, args=(key_id,))
            # As `write` does it: what was noted before goes out, and this is used at that very moment.
            with last_use._lock:
                again.start()
                again.join(timeout=0.2)
                last_use._used = {}
            again.join(timeout=10)
            assert set(last_use._used) == {key_id}
            last_use.close()
