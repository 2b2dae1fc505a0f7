"""Files in a bucket that speaks S3: Amazon's, MinIO, Cloudflare R2, Supabase Storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

import boto3
from botocore.client import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.config import Settings
from core.errors import Unavailable
from core.storage.port import PIECE, Missing, checked

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


class S3Storage:
    """Keeps each file as one private object, and hands out signed addresses for downloads."""

    def __init__(self, settings: Settings) -> None:
        self._bucket = settings.files_s3_bucket
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.files_s3_endpoint or None,
            region_name=settings.files_s3_region,
            aws_access_key_id=settings.files_s3_access_key or None,
            aws_secret_access_key=settings.files_s3_secret_key.get_secret_value()
            if settings.files_s3_secret_key
            else None,
            config=Config(
                signature_version="s3v4",
                connect_timeout=3,
                read_timeout=30,
                retries={"max_attempts": 3, "mode": "standard"},
                # Others than Amazon's do not know the newer checksums; TLS and our own SHA-256 guard the bytes.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, key: str, source: BinaryIO, *, media_type: str) -> None:
        """One object in one request."""
        with _told():
            self._client.put_object(
                Bucket=self._bucket,
                Key=checked(key),
                Body=source,
                ContentType=media_type,
                # However somebody gets at it, no browser shows it as a page.
                ContentDisposition="attachment",
            )

    def open(self, key: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """The object's stream."""
        asked = {"Range": f"bytes={start}-{'' if length is None else start + length - 1}"} if start or length else {}
        with _told():
            answer = self._client.get_object(Bucket=self._bucket, Key=checked(key), **asked)
        return _pieces(answer["Body"])

    def delete(self, key: str) -> None:
        """Remove the object."""
        with _told():
            self._client.delete_object(Bucket=self._bucket, Key=checked(key))

    def keys(self, prefix: str, *, before: datetime) -> Iterator[str]:
        """List the bucket, a thousand at a time."""
        with _told():
            for page in self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=prefix):
                for each in page.get("Contents", ()):
                    if each["LastModified"] < before:
                        yield each["Key"]

    def link(self, key: str, *, disposition: str, media_type: str, seconds: int) -> str | None:
        """An address signed with our key, which makes the storage answer with these headers."""
        found: str = self._client.generate_presigned_url(
            "get_object",
            Params={
                "Bucket": self._bucket,
                "Key": checked(key),
                "ResponseContentDisposition": disposition,
                "ResponseContentType": media_type,
                "ResponseCacheControl": "private, no-store",
            },
            ExpiresIn=seconds,
        )
        return found


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in _ABSENT:
            raise Missing from None
        raise Unavailable("The storage of files refused") from error
    except BotoCoreError as error:
        raise Unavailable("The storage of files cannot be reached") from error


def _pieces(body: Any) -> Iterator[bytes]:
    try:
        yield from body.iter_chunks(PIECE)
    finally:
        body.close()
