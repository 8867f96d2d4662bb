"""The English catalogue: what of the project's texts a client or a visitor may read, and whether each has its English.

`python -m deploy.dev.texts` reads the marked texts of templates and modules, brings saas/locale/en/LC_MESSAGES/django.po up to
date (what is there is kept, what nobody says any more goes) and compiles it with Babel. It says how many texts still lack
their English; tests/look/test_english.py asks the same. It never translates.
"""

from __future__ import annotations

import ast
import io
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent.parent
PO = ROOT / "saas" / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
PACKAGES = ("saas", "clientarea", "payments", "pqrs")
GATES = ("tenants/gates.py", "tenants/hosts.py")  # of the platform, what stands in front of an agency's pages
# The desk, the superadmin and whatever outlives a page are Spanish.
SPANISH = re.compile(
    r"(^|/)_?desk|/importing|/management/|/migrations/|/sandbox/|/admin\.py|/legal/|/mail/|/pdf/|/platform/|/desk/|/base_desk|/base_platform"
    r"|/mailbox|/viewing\.html|accounts/team\.py|clientarea/estate\.py|/invitations\.py|_mail\.py|/mails\.py"
    r"|/certificates\.py|/audit/|accounts/versions\.py|/text_models\.py"
)
CONTACT = {"correo", "celular", "teléfono", "dirección", "ciudad"}
_TAG = re.compile(r"\{%\s*translate\s+(\"[^\"]*\"|'[^']*')[^%]*%\}")
_BLOCK = re.compile(r"\{%\s*blocktranslate\b(?P<options>.*?)%\}(?P<text>.*?)\{%\s*endblocktranslate\s*%\}", re.DOTALL)
_PLURAL = re.compile(r"\{%\s*plural\s*%\}")
_CONSTANT = re.compile(r"[=:|\s]_\((\"[^\"]*\"|'[^']*')\)")
_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FUNCTIONS = {"_", "_lazy", "gettext", "gettext_lazy"}

Text = str | tuple[str, str]  # a text, or one and many


def texts() -> set[Text]:
    """Every text that a client or a visitor may read."""
    found: set[Text] = set()
    for package in (*PACKAGES, *GATES):
        for path in sorted((ROOT / package).rglob("*")) or [ROOT / package]:
            name = str(path.relative_to(ROOT))
            if path.suffix not in (".py", ".html") or SPANISH.search(name):
                continue
            source = path.read_text(encoding="utf-8")
            if path.suffix == ".html":
                found |= set(of_template(source))
            elif path.name == "personal_data.py" or name in TABLES:
                found |= set(of_table(source))
            elif path.name.endswith(("models.py", "columns.py")):
                found |= {text for text in of_module(source) if _is_shown(text)}
            else:
                found |= set(of_module(source))
    return found


def _is_shown(text: Text) -> bool:
    # The names of tables and columns are the desk's, but for those whose changes a client is told of.
    return str(text)[:1].isupper() or text in CONTACT


def of_template(source: str) -> Iterator[Text]:
    """The texts that a template marks."""
    bare = re.sub(r"\{#.*?#\}", "", source)
    for match in _TAG.finditer(bare):
        yield match[1][1:-1]
    for match in _CONSTANT.finditer(bare):
        yield match[1][1:-1]
    for match in _BLOCK.finditer(bare):
        forms = [_VARIABLE.sub(r"%(\1)s", _trimmed(part, match["options"]).replace("%", "%%")) for part in _PLURAL.split(match["text"])]
        yield forms[0] if len(forms) == 1 else (forms[0], forms[1])


def _trimmed(text: str, options: str) -> str:
    return " ".join(line.strip() for line in text.strip().splitlines()) if "trimmed" in options.split() else text


def of_module(source: str) -> Iterator[Text]:
    """The texts that a module marks. What is marked is a plain text: an expression cannot be looked up."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
        if name in _FUNCTIONS and node.args and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)
        elif name == "ngettext":
            one, many = (str(arg.value) for arg in node.args[:2] if isinstance(arg, ast.Constant))
            yield (one, many)


# Modules whose texts are looked up when they are shown, since they may not import Django or are kept as they are.
TABLES = {"payments/payu/states.py", "payments/manual.py", "saas/lib/documents.py"}
_WORDS = re.compile(r"[A-ZÁÉÍÓÚÑ«][a-záéíóúñ]")


def of_table(source: str) -> Iterator[Text]:
    """The texts of a table: what of a module begins as a Spanish text does, but for what explains it."""
    tree = ast.parse(source)
    explained = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    explained |= {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    yield from of_module(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in explained and _WORDS.match(node.value):
            yield node.value


def catalogue(kept: Catalog, wanted: Iterable[Text]) -> Catalog:
    """A catalogue of `wanted` with the English that `kept` has of them."""
    day = datetime(2026, 11, 23, tzinfo=UTC)  # the same whenever it is made
    made = Catalog(
        locale="en", project="saas-inmobiliarias", version="1", charset="utf-8", fuzzy=False, creation_date=day, revision_date=day,
        header_comment="# English of what clients and visitors read.", last_translator="Equipo", language_team="Equipo",
    )  # fmt: skip
    for text in sorted(wanted, key=str):
        old = kept.get(text if isinstance(text, str) else text[0])
        made.add(text, old.string if old is not None and _same_shape(old.id, text) else ("" if isinstance(text, str) else ("", "")))
    return made


def _same_shape(old: object, new: Text) -> bool:
    return isinstance(old, str) == isinstance(new, str)


def read() -> Catalog:
    """The catalogue as it is kept."""
    if not PO.exists():
        return Catalog(locale="en")
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def compiled(made: Catalog) -> bytes:
    """A catalogue as Django reads it."""
    out = io.BytesIO()
    write_mo(out, made)
    return out.getvalue()


def lacking(made: Catalog) -> list[str]:
    """The texts without English."""
    return [str(message.id) for message in made if message.id and not all(_forms(message.string))]


def _forms(string: object) -> tuple[str, ...]:
    return string if isinstance(string, tuple) else (str(string or ""),)


def main() -> None:
    """Bring the catalogue up to date and compile it."""
    made = catalogue(read(), texts())
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as file:
        write_po(file, made, width=0, sort_output=False)
    MO.write_bytes(compiled(made))
    missing = lacking(made)
    print(f"{len(made)} texts, {len(missing)} without English")
    for text in missing:
        print(f"  {text!r}")


if __name__ == "__main__":
    main()
