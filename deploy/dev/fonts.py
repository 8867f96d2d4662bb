"""Inter as TrueType, for the PDFs: `python -m deploy.dev.fonts FROM TO`. WeasyPrint subsets TTF several times faster than WOFF2."""

import sys
from pathlib import Path

from fontTools.ttLib import TTFont

WEIGHTS = ("Regular", "Medium", "SemiBold", "Bold")


def main(source: Path, target: Path) -> None:
    """Write Inter-<weight>.ttf in `target` from the WOFF2 files in `source`."""
    target.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        font = TTFont(source / f"Inter-{weight}.woff2")
        font.flavor = None
        font.save(target / f"Inter-{weight}.ttf")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
