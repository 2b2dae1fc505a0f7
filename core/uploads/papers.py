"""PDF and plain text: proven by their form, and kept as they are."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, BinaryIO

from core.uploads.errors import refused

if TYPE_CHECKING:
    from core.uploads.kinds import Accepts

_HEAD = 4096
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_TAIL = 2048
_PIECE = 256 * 1024
# What browsers take for a page (WHATWG MIME sniffing), wherever in the first bytes it is.
_PAGE = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|svg|style|title|a\s|img|object|embed|!--|\?php|\?xml|%)",
    re.IGNORECASE,
)
_OTHERS = (b"%PDF-", b"%!PS", b"{\\rtf", b"#!", b"MZ", b"PK")
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def could_be_text(head: bytes) -> bool:
    """Whether there are only characters in it, and not those that begin something else."""
    if head.startswith(_WIDE):
        head = codecs.getincrementaldecoder("utf-16")("replace").decode(head).encode()
    return _CONTROL.search(head) is None and not head.startswith(_OTHERS)


def pdf(file: BinaryIO, accepts: Accepts) -> BinaryIO:
    """The file itself. Raises FileRefused where it does not end as a PDF does, or begins as a web page."""
    del accepts
    if _PAGE.search(file.read(_HEAD)):
        raise refused("file_content", "This PDF could be taken for a web page")
    file.seek(0, 2)
    file.seek(max(0, file.tell() - _TAIL))
    tail = file.read()
    if b"startxref" not in tail or not re.search(rb"%%EOF\s*\Z", tail):
        raise refused("file_damaged", "This PDF is cut off, or something lies behind its end")
    file.seek(0)
    return file


def text(file: BinaryIO, accepts: Accepts) -> BinaryIO:
    """The file itself. Raises FileRefused where it is no text, or begins as a web page."""
    del accepts
    wide = file.read(2) in _WIDE
    file.seek(0)
    if wide:
        return _wide(file)
    if _PAGE.match(file.read(_HEAD).lstrip(b"\xef\xbb\xbf \t\r\n\x0c")):
        raise refused("file_content", "This text could be taken for a web page")
    file.seek(0)
    while piece := file.read(_PIECE):
        if _CONTROL.search(piece):
            raise refused("file_content", "This is no plain text")
    file.seek(0)
    return file


def _wide(file: BinaryIO) -> BinaryIO:
    """The same of UTF-16, as spreadsheets on Windows write it, judged by its characters."""
    decoder, first = codecs.getincrementaldecoder("utf-16")(), True
    try:
        while piece := file.read(_PIECE):
            characters = decoder.decode(piece).encode("utf-8", "surrogatepass")
            if first and _PAGE.match(characters[:_HEAD].lstrip(b" \t\r\n\x0c")):
                raise refused("file_content", "This text could be taken for a web page")
            if _CONTROL.search(characters):
                raise refused("file_content", "This is no plain text")
            first = False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise refused("file_damaged", "This UTF-16 text is damaged") from None
    file.seek(0)
    return file
