"""Dead letters as objects of an S3 bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.actions.aws import client, content_md5
from record_processor.dead_letters import letter as letters
from record_processor.dead_letters.packing import REMOVE_AT_ONCE, fingerprint, in_stream_order

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import S3DeadLetter


class S3Store:
    """One object a letter, in the folder of its action."""

    def __init__(self, settings: S3DeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._folder = f"{settings.prefix}{action}/"
        self._region = region
        self._keys: dict[bytes, list[str]] = {}
        """Of the letters that `read` found, by fingerprint."""
        self._bad: list[str] = []
        """The keys of what is no letter."""

    remove_at_once = REMOVE_AT_ONCE

    @property
    def name(self) -> str:
        return f"s3://{self._settings.bucket}/{self._folder}"

    def store(self, letters: Sequence[Letter]) -> None:
        for letter in letters:
            body = msgspec.json.encode(letter)
            self._s3.put_object(
                Bucket=self._settings.bucket,
                Key=f"{self._folder}{letter.sequence_number}-{letter.id}.json",
                Body=body,
                ContentMD5=content_md5(body),
                ContentType="application/json",
            )

    def read(self) -> tuple[list[Letter], int]:
        found = []
        for key in self._listed():
            body = self._s3.get_object(Bucket=self._settings.bucket, Key=key)["Body"].read()
            try:
                letter = letters.read(body)
            except ValueError:
                self._bad.append(key)
                continue
            found.append(letter)
            self._keys.setdefault(fingerprint(letter), []).append(key)
        return in_stream_order(found), len(self._bad)

    def remove(self, letters: Collection[Letter]) -> None:
        for letter in letters:
            for key in self._keys.pop(fingerprint(letter), []):
                self._s3.delete_object(Bucket=self._settings.bucket, Key=key)

    def set_aside(self) -> str:
        """Into a folder beside the action's."""
        folder = f"{self._folder.removesuffix('/')}.bad/"
        bucket = self._settings.bucket
        while self._bad:
            key = self._bad[-1]
            source = {"Bucket": bucket, "Key": key}
            self._s3.copy_object(Bucket=bucket, CopySource=source, Key=folder + key.removeprefix(self._folder))
            self._s3.delete_object(Bucket=bucket, Key=key)
            self._bad.pop()
        return f"s3://{bucket}/{folder}"

    def release(self) -> None:
        self._keys.clear()
        self._bad.clear()

    def _listed(self) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._settings.bucket, Prefix=self._folder):
            for found in page.get("Contents", []):
                if not found["Key"].endswith("/"):  # S3's console marks folders so
                    yield found["Key"]

    @property
    def _s3(self) -> Any:
        return client("s3", self._settings.aws, self._region)
