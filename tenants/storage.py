"""Where files are kept: one folder for each schema. Files have no address; a door serves them.

A path given out while in one agency cannot be opened from another: the folder is taken from where the thread is.
"""

from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage

from saas.lib.here import current_schema


class AgencyStorage(FileSystemStorage):
    """The file system below MEDIA_ROOT/<schema>/, resolved at each call."""

    @property
    def base_location(self) -> str:
        return str(Path(settings.MEDIA_ROOT) / current_schema())

    @property
    def location(self) -> str:
        return str(Path(self.base_location).resolve())

    def url(self, name: str | None) -> str:
        raise ValueError("files have no address of their own: serve them through a door")
