"""Names of downloads: what a file is called on the way out, safe in a header and on anybody's disk."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

MAX_NAME = 120
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff/\\:*?"<>|]+')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)


def clean_name(name: str, *, fallback: str = "file") -> str:
    """A name without folders, control characters, direction marks, and what Windows refuses; `fallback` if empty."""
    text = unicodedata.normalize("NFC", name.replace("\\", "/").rpartition("/")[2])
    text = _UNSAFE.sub("_", text).strip(" ._")
    stem, dot, ending = text.rpartition(".")
    if len(text) > MAX_NAME:
        text = f"{stem[: MAX_NAME - len(ending) - 1]}{dot}{ending}" if dot and len(ending) < 20 else text[:MAX_NAME]
    return f"_{text}" if _RESERVED.match(text) else text or fallback


def disposition(name: str) -> str:
    """The Content-Disposition of a download (RFC 6266): an ASCII name for old readers, the real one beside it."""
    cleaned = clean_name(name)
    plain = unicodedata.normalize("NFKD", cleaned).encode("ascii", "ignore").decode()
    # A name in quotes must not end them; percent signs are read as escapes by some.
    plain = clean_name(plain.replace("%", "_").replace(";", "_"))
    header = f'attachment; filename="{plain}"'
    # What RFC 8187 lets stand as it is.
    return header if plain == cleaned else f"{header}; filename*=UTF-8''{quote(cleaned, safe='!#$&+-.^_`|~')}"
