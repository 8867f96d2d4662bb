"""Which subdomains may be asked for: well formed, free, not ours, and not to be taken for another's.

The unique constraints decide in the end; what is here gives the reason in words.
"""

from __future__ import annotations

import re

from saas.lib.text import look_alike
from tenants.models import Agency, Signup, SignupState

SHORTEST, LONGEST = 3, 40
_FORM = re.compile(r"[a-z](?:-?[a-z0-9])*")
# What the platform, its mail, its certificates or its partners may answer at, and what would pass for them.
_OURS = """
    admin administracion administrador ads ajax alertas api app apps archivos assets ayuda backup banco bancolombia billing blog
    campus cdn cert certificados clave clientes cobros comprobantes conexion consola contabilidad contacto correo cuenta cuentas
    daviplata demo desarrollo dev dian docs documentos dns email estado estatico facturas faq ftp gateway git gob gobierno grafana
    help hola host imap inicio ingreso ingresar inmobiliaria inmobiliarias internal interno login logs mail mailer marca mantenimiento
    media monitor mx nequi noreply ns ns1 ns2 oficina operador pago pagos panel pasarela payu payulatam plataforma pop portal
    postmaster pqrs prod produccion proxy pse public public-api publico redis registro root sandbox secure seguridad
    seguro server servicio servicios sesion sms smtp soporte ssl stage staging static statistics status stripe superadmin superintendencia
    support sysadmin system terminos test usuario usuarios verificacion verificar vpn webhook webmail web whm wiki wompi www www1
    www2 arriendo arriendos arriendoaldia arriendosaldia
"""
RESERVED = frozenset(_OURS.split())
_RESERVED_SKELETONS = frozenset(look_alike(word) for word in RESERVED)


class SlugError(ValueError):
    """The subdomain cannot be had. Its message is for people."""


def check_slug(text: str, *, besides: Signup | None = None) -> str:
    """The subdomain in lower case, if it can be had (by `besides`, when it asks for its own). Raises SlugError."""
    slug = text.strip().lower()
    if not SHORTEST <= len(slug) <= LONGEST:
        raise SlugError(f"El subdominio debe tener entre {SHORTEST} y {LONGEST} caracteres.")
    if not _FORM.fullmatch(slug):
        raise SlugError(
            "Use solo letras sin tildes, números y guiones: debe comenzar por una letra y no terminar en guion ni llevar dos seguidos."
        )
    skeleton = look_alike(slug)
    if slug in RESERVED or skeleton in _RESERVED_SKELETONS:
        raise SlugError(f"«{slug}» está reservado para la plataforma o se confunde con un nombre reservado. Elija otro.")
    taken = _taken(besides)
    if slug in taken:
        raise SlugError(f"«{slug}» ya está ocupado. Elija otro, por ejemplo con su ciudad: {slug[:28]}-bogota.")
    for other in taken:
        if look_alike(other) == skeleton:
            raise SlugError(f"«{slug}» se confunde con «{other}», que ya existe. Elija uno que se distinga mejor.")
    return slug


def _taken(besides: Signup | None) -> set[str]:
    """Subdomains of agencies, deleted ones too (their links are in people's mails), and of confirmed sign-ups."""
    signups = Signup.objects.exclude(state__in=[SignupState.REQUESTED, SignupState.REJECTED])
    if besides is not None:
        signups = signups.exclude(pk=besides.pk)
    return set(Agency.every.values_list("slug", flat=True)) | set(signups.values_list("slug", flat=True))
