"""Where files are kept: one folder for each schema, on this machine or in a bucket. Files have no address; a door serves them.

A name given out while in one agency cannot be opened from another: the folder is taken from where the thread is. Both storages
also carry an agency's files as a whole, by its schema's name: that is for archives and for the end of an agency.
"""

from __future__ import annotations

import os
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

from botocore.config import Config
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.files.storage import FileSystemStorage, default_storage
from storages.backends.s3 import S3Storage
from storages.utils import safe_join

from saas.lib.here import current_schema


class AgencyStorage(FileSystemStorage):
    """The file system below MEDIA_ROOT/<schema>/, resolved at each call. A file is there whole or not at all: what a full disk cuts
    off leaves nothing behind. (Names are random, or made of what is in the file: two never fight for one.)"""

    @property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / current_schema())

    @property
    def location(self) -> str:
        return str(Path(self.base_location).resolve())

    def _save(self, name: str, content: Any) -> str:
        half = f"{name}.{secrets.token_hex(4)}.half"
        try:
            super()._save(half, content)  # type: ignore[misc]
            os.replace(self.path(half), self.path(name))
        except OSError:
            with suppress(OSError):
                Path(self.path(half)).unlink()
            raise
        return name

    def url(self, name: str | None) -> str:
        raise ValueError("files have no address of their own: serve them through a door")

    def copy_out(self, schema: str, folder: Path) -> None:
        """All files of a schema, into a new folder (none is made where there are none)."""
        if (Path(settings.MEDIA_ROOT) / schema).is_dir():
            shutil.copytree(Path(settings.MEDIA_ROOT) / schema, folder, symlinks=True)

    def copy_in(self, folder: Path, schema: str) -> None:
        """All files of a folder, into a schema that has none."""
        shutil.copytree(folder, Path(settings.MEDIA_ROOT) / schema)

    def drop(self, schema: str) -> None:
        """Forget all files of a schema."""
        shutil.rmtree(Path(settings.MEDIA_ROOT) / schema, ignore_errors=True)

    def weight(self, schema: str) -> int:
        """Bytes of all files of a schema."""
        return sum(path.stat().st_size for path in (Path(settings.MEDIA_ROOT) / schema).rglob("*") if path.is_file())

    def schemas(self) -> set[str]:
        """The schemas that have files."""
        root = Path(settings.MEDIA_ROOT)
        return {path.name for path in root.iterdir()} if root.is_dir() else set()


class AgencyBucket(S3Storage):
    """A bucket of an S3-compatible store, below <schema>/. What is there is never overwritten: a taken name gets another."""

    def get_default_settings(self) -> dict[str, Any]:
        patience = Config(
            connect_timeout=5, read_timeout=30, retries={"max_attempts": 3, "mode": "standard"}, s3={"addressing_style": "path"},
            signature_version="s3v4", request_checksum_calculation="when_required", response_checksum_validation="when_required",
        )  # fmt: skip
        return {**super().get_default_settings(), "file_overwrite": False, "default_acl": None, "client_config": patience}

    def _normalize_name(self, name: str) -> str:
        try:
            return str(safe_join(current_schema(), name))  # never kept in the object: threads in other agencies share it
        except ValueError:
            raise SuspiciousOperation("a file's name leads outside the agency's folder") from None

    def url(self, name: str | None, *args: Any, **kwargs: Any) -> str:
        raise ValueError("files have no address of their own: serve them through a door")

    def copy_out(self, schema: str, folder: Path) -> None:
        """All files of a schema, into a new folder (none is made where there are none)."""
        for item in self.bucket.objects.filter(Prefix=f"{schema}/"):
            path = folder / item.key.removeprefix(f"{schema}/")
            if not path.resolve().is_relative_to(folder.resolve()):
                raise ValueError("a file of the bucket has a name that leads outside")
            path.parent.mkdir(parents=True, exist_ok=True)
            self.bucket.download_file(item.key, str(path))

    def copy_in(self, folder: Path, schema: str) -> None:
        """All files of a folder, into a schema that has none."""
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                self.bucket.upload_file(str(path), f"{schema}/{path.relative_to(folder)}")

    def drop(self, schema: str) -> None:
        """Forget all files of a schema."""
        self.bucket.objects.filter(Prefix=f"{schema}/").delete()

    def weight(self, schema: str) -> int:
        """Bytes of all files of a schema."""
        return sum(item.size for item in self.bucket.objects.filter(Prefix=f"{schema}/"))

    def schemas(self) -> set[str]:
        """The schemas that have files."""
        pages = self.bucket.meta.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket_name, Delimiter="/")
        return {prefix["Prefix"].rstrip("/") for page in pages for prefix in page.get("CommonPrefixes", [])}


def whole_storage() -> AgencyStorage | AgencyBucket:
    """The storage that settings chose, with what it offers for an agency as a whole."""
    return cast("AgencyStorage | AgencyBucket", default_storage)
