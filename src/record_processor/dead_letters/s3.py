"""Dead letters as objects of an S3 bucket."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from record_processor.aws.settings import client, content_md5
from record_processor.dead_letters import letter as letters
from record_processor.dead_letters.held import HeldLetters, refusal_of
from record_processor.dead_letters.letter import fingerprint
from record_processor.dead_letters.packing import LARGEST_UNPACKED, REMOVE_AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from record_processor.dead_letters.letter import Letter
    from record_processor.dead_letters.settings import S3DeadLetter


class S3Store:
    """One object per letter, in the folder of its action."""

    def __init__(self, settings: S3DeadLetter, action: str, region: str) -> None:
        self._settings = settings
        self._folder = f"{settings.prefix}{action}/"
        self._region = region
        self._found: HeldLetters[str] = HeldLetters()
        """Letters by the keys of their objects."""
        self._bad: list[str] = []
        """The keys of objects that are not letters."""
        self.refused: list[str] = []

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

    def read(self, most: int | None = None) -> tuple[HeldLetters[str], int]:
        for key in islice(self._listed(), most):
            # Because it is archived, say, or encrypted with a key that only its writer has.
            with refusal_of(f"object {key}", self.refused):
                self._read_one(key)
        return self._found, len(self._bad)

    def hold(self) -> None:
        """Nothing to do: nobody else takes letters out."""

    def has(self, letter: Letter) -> bool:
        return bool(self._found.places_of(fingerprint(letter)))

    def remove(self, letters: Collection[Letter]) -> None:
        self.discard([fingerprint(letter) for letter in letters])

    def discard(self, fingerprints: Collection[bytes]) -> None:
        for found in fingerprints:
            for key in self._found.places_of(found):
                self._s3.delete_object(Bucket=self._settings.bucket, Key=key)
            self._found.forget(found)

    def set_aside(self) -> str:
        """Move them to a folder beside the action's. A key may have no room for the longer name."""
        while self._bad:
            self._move(self._bad.pop())
        return f"s3://{self._settings.bucket}/{self._aside}"

    def set_letters_aside(self, fingerprints: Collection[bytes]) -> str:
        for found in fingerprints:
            for key in self._found.places_of(found):
                self._move(key)
            self._found.forget(found)
        return f"s3://{self._settings.bucket}/{self._aside}"

    def release(self) -> None:
        self._found.clear()
        self._bad.clear()

    def _read_one(self, key: str) -> None:
        with self._s3.get_object(Bucket=self._settings.bucket, Key=key)["Body"] as stream:
            body = stream.read(LARGEST_UNPACKED + 1)
        try:
            if len(body) > LARGEST_UNPACKED:
                raise ValueError("larger than any dead letter")
            self._found.add(letters.read(body), key)
        except ValueError:
            self._bad.append(key)

    @property
    def _aside(self) -> str:
        return f"{self._folder.removesuffix('/')}.bad/"

    def _move(self, key: str) -> None:
        bucket, to = self._settings.bucket, self._aside + key.removeprefix(self._folder)
        with refusal_of(f"object {key}", self.refused):
            self._s3.copy_object(Bucket=bucket, CopySource={"Bucket": bucket, "Key": key}, Key=to)
            self._s3.delete_object(Bucket=bucket, Key=key)

    def _listed(self) -> Iterator[str]:
        pages = self._s3.get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=self._settings.bucket, Prefix=self._folder):
            for found in page.get("Contents", []):
                if not found["Key"].endswith("/"):  # how S3's console marks folders
                    yield found["Key"]

    @property
    def _s3(self) -> Any:
        return client("s3", self._settings.aws, self._region)
