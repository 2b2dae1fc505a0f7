"""Whatever storage it is, files go in whole, come out as they were, and nothing else can be reached."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core import clock, ids
from core.config import ConfigurationError, Settings
from core.errors import Unavailable
from core.storage import wiring
from core.storage.local import LocalStorage
from core.storage.port import PIECE, Missing, Storage, checked, key_of

AGENCY = UUID("0198c5d2-7a10-7c3e-9a41-5f2b8c6d7e91")
DATA = os.urandom(3 * PIECE + 17)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """A bucket in this process."""
    from moto import mock_aws

    from core.storage.s3 import S3Storage

    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        options: dict[str, Any] = {
            "_env_file": None,
            "files_s3_bucket": "files",
            "files_s3_access_key": "someone",
            "files_s3_secret_key": "no secret at all",
        }
        made = S3Storage(Settings(**options))
        made._client.create_bucket(Bucket="files")
        yield made
        made._client.close()


@pytest.fixture(params=["local", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "local":
        return LocalStorage(tmp_path / "files")
    found: Storage = request.getfixturevalue("bucket")
    return found


def kept(storage: Storage, data: bytes = DATA) -> str:
    key = key_of(AGENCY, ids.new())
    storage.put(key, io.BytesIO(data), media_type="image/png")
    return key


def later() -> Any:
    return clock.now() + timedelta(minutes=1)


class TestEveryStorage:
    def test_gives_back_what_was_put(self, storage: Storage) -> None:
        for data in (DATA, b"", b"x"):
            assert b"".join(storage.open(kept(storage, data))) == data

    def test_gives_a_part(self, storage: Storage) -> None:
        key = kept(storage)
        for start, length in ((0, 10), (5, PIECE + 3), (len(DATA) - 1, 1), (7, None)):
            stop = None if length is None else start + length
            assert b"".join(storage.open(key, start=start, length=length)) == DATA[start:stop]

    def test_says_at_once_what_it_does_not_have(self, storage: Storage) -> None:
        with pytest.raises(Missing):
            storage.open(key_of(AGENCY, ids.new()))

    def test_forgets(self, storage: Storage) -> None:
        key = kept(storage)
        storage.delete(key)
        storage.delete(key)
        with pytest.raises(Missing):
            storage.open(key)

    def test_puts_the_newest_in_the_place_of_the_old(self, storage: Storage) -> None:
        key = kept(storage)
        storage.put(key, io.BytesIO(b"newer"), media_type="image/png")
        assert b"".join(storage.open(key)) == b"newer"

    def test_lists_what_is_older_by_agency(self, storage: Storage) -> None:
        mine = {kept(storage, b"a"), kept(storage, b"b")}
        storage.put(key_of(ids.new(), ids.new()), io.BytesIO(b"theirs"), media_type="image/png")
        assert set(storage.keys(f"{AGENCY}/", before=later())) == mine
        assert list(storage.keys(f"{AGENCY}/", before=clock.now() - timedelta(hours=1))) == []

    @pytest.mark.parametrize(
        "key",
        [
            "../../etc/passwd",
            "/etc/passwd",
            "a/b/c",
            f"{AGENCY}/../{AGENCY}",
            f"{AGENCY}/00/{AGENCY}\n",
            f"{AGENCY}/00/{AGENCY}/x",
            "",
        ],
    )
    def test_takes_no_key_but_ours(self, storage: Storage, key: str) -> None:
        with pytest.raises(ValueError, match="no key"):
            storage.put(key, io.BytesIO(b"x"), media_type="image/png")
        with pytest.raises(ValueError, match="no key"):
            storage.open(key)
        with pytest.raises(ValueError, match="no key"):
            storage.delete(key)

    def test_spreads_files_over_folders(self) -> None:
        assert len({key_of(AGENCY, ids.new()).split("/")[1] for _ in range(50)}) > 20
        assert checked(key_of(AGENCY, ids.new())).startswith(f"{AGENCY}/")


class Failing(io.BytesIO):
    """A body that breaks off."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 0:
            raise OSError(28, "No space left on device")
        return super().read(10)


class TestFolder:
    def test_keeps_nothing_of_what_broke_off(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path)
        with pytest.raises(OSError, match="No space"):
            storage.put(key_of(AGENCY, ids.new()), Failing(b"x" * 100), media_type="image/png")
        assert [path for path in tmp_path.rglob("*") if path.is_file()] == []

    def test_is_for_this_user_alone(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path / "files")
        path = tmp_path / "files" / kept(storage)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700

    def test_follows_no_link_out_of_it(self, tmp_path: Path) -> None:
        storage, outside = LocalStorage(tmp_path / "files"), tmp_path / "outside"
        outside.write_text("untouched")
        place = tmp_path / "files" / kept(storage)
        place.unlink()
        place.symlink_to(outside)
        storage.put(place.relative_to(tmp_path / "files").as_posix(), io.BytesIO(b"new"), media_type="image/png")
        assert outside.read_text() == "untouched"

    def test_clears_away_what_a_dead_process_left(self, tmp_path: Path) -> None:
        storage = LocalStorage(tmp_path)
        left = (tmp_path / kept(storage)).with_name(f"{ids.new()}.part")
        left.write_bytes(b"half of it")
        assert len(list(storage.keys(f"{AGENCY}/", before=later()))) == 1
        assert not left.exists()


class TestBucket:
    def test_gives_files_away_by_signed_addresses(self, bucket: Storage) -> None:
        key = kept(bucket)
        link = bucket.link(key, disposition='attachment; filename="a.png"', media_type="image/png", seconds=60)
        assert link is not None
        assert key in link
        for part in ("X-Amz-Signature=", "X-Amz-Expires=60", "response-content-disposition=attachment"):
            assert part in link
        assert "no%20secret" not in link

    def test_one_that_is_away_is_told_as_such(self) -> None:
        from core.storage.s3 import S3Storage

        options: dict[str, Any] = {
            "_env_file": None,
            "files_s3_bucket": "files",
            "files_s3_endpoint": "http://127.0.0.1:9",
            "files_s3_access_key": "someone",
            "files_s3_secret_key": "no secret at all",
        }
        with pytest.raises(Unavailable):
            S3Storage(Settings(**options)).open(key_of(AGENCY, ids.new()))


class TestChoice:
    def test_a_bucket_without_its_package_stops_the_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        import sys

        monkeypatch.setitem(sys.modules, "core.storage.s3", None)
        options: dict[str, Any] = {"_env_file": None, "files_s3_bucket": "files"}
        with pytest.raises(ConfigurationError, match="tripfile\\[s3\\]"):
            wiring._configured(Settings(**options))

    def test_without_a_bucket_it_is_a_folder_under_var(self, tmp_path: Path) -> None:
        options: dict[str, Any] = {"_env_file": None, "TRIPFILE_VAR": tmp_path}
        found = wiring._configured(Settings(**options))
        assert isinstance(found, LocalStorage)
        assert found.folder == tmp_path / "files"
