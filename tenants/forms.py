"""The forms by which a company asks for an agency. Their messages say what to do; nothing is written here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from saas.accounts.captcha import CaptchaField
from saas.accounts.models import Role, User
from saas.lib import clock
from saas.lib.documents import DocumentError, DocumentType, check_nit, split_document
from saas.lib.text import clean_name
from tenants import abuse
from tenants.models import Signup
from tenants.slugs import LONGEST, SHORTEST, SlugError, check_slug

_PLAIN = {"autocapitalize": "none", "spellcheck": "false"}


class SlugField(forms.CharField):
    """A subdomain that can still be had, in lower case. On pages with htmx it says so while one types."""

    def __init__(self, **options: Any) -> None:
        attrs = {
            **_PLAIN,
            "autocomplete": "off",
            "maxlength": LONGEST,
            "minlength": SHORTEST,
            "hx-get": reverse_lazy("signup_slug"),
            "hx-trigger": "input changed delay:350ms",
            "hx-target": "#slug-state",
            "hx-sync": "this:replace",
        }
        super().__init__(label=_("Subdominio"), widget=forms.TextInput(attrs=attrs), **options)
        self.besides: Signup | None = None
        self.error_messages["required"] = _("Escriba el subdominio que quiere.")

    def clean(self, value: Any) -> str:
        text = str(super().clean(value))
        try:
            return check_slug(text, besides=self.besides)
        except SlugError as error:
            raise forms.ValidationError(str(error), code="slug") from error


class SignupForm(forms.Form):
    """What we need to know to make an agency: the company, its subdomain, and who answers for it."""

    agency_name = forms.CharField(
        label=_("Nombre de la inmobiliaria"),
        max_length=120,
        error_messages={"required": _("Escriba el nombre de la inmobiliaria.")},
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    nit = forms.CharField(
        label="NIT",
        max_length=20,
        error_messages={"required": _("Escriba el NIT de la inmobiliaria.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    nit_check = forms.CharField(
        label=_("Dígito de verificación"),
        max_length=1,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )
    slug = SlugField()
    person_name = forms.CharField(
        label=_("Nombre del responsable"),
        max_length=120,
        error_messages={"required": _("Escriba el nombre de la persona responsable.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Correo electrónico"),
        help_text=_("Le enviaremos un enlace para confirmar. Será también su usuario."),
        error_messages={
            "required": _("Escriba el correo de la persona responsable."),
            "invalid": _("Escriba un correo completo, por ejemplo nombre@inmobiliaria.com.co."),
        },
        widget=forms.EmailInput(attrs={**_PLAIN, "autocomplete": "email"}),
    )
    password = forms.CharField(
        label=_("Contraseña"),
        max_length=128,
        strip=False,
        help_text=_("Al menos 10 caracteres, no solo números. Evite su nombre, su correo y las claves comunes."),
        error_messages={"required": _("Escriba una contraseña.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Repita la contraseña"),
        max_length=128,
        strip=False,
        error_messages={"required": _("Escriba otra vez la contraseña.")},
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    terms = forms.BooleanField(
        label=_("Acepto los términos de uso y la política de tratamiento de datos personales."),
        error_messages={"required": _("Para continuar debe aceptar los términos y la política de datos.")},
    )
    captcha = CaptchaField()

    def clean_agency_name(self) -> str:
        return _name(self.cleaned_data["agency_name"], _("Escriba el nombre completo de la inmobiliaria."))

    def clean_person_name(self) -> str:
        return _name(self.cleaned_data["person_name"], _("Escriba el nombre y el apellido de la persona responsable."))

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).lower()
        try:
            abuse.check(email, now=clock.now())
        except abuse.Abuse as error:
            raise forms.ValidationError(str(error), code="abuse") from error
        return email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        self._check_nit(data)
        self._check_password(data)
        return data

    def _check_nit(self, data: dict[str, Any]) -> None:
        """The NIT and its check digit, in their own fields or together ("900.123.456-7")."""
        if "nit" not in data or "nit_check" not in data:
            return
        try:
            number, found = split_document(data["nit"], DocumentType.NIT)
        except DocumentError as error:
            self.add_error("nit", str(error))
            return
        check = data["nit_check"].strip() or found
        if not check:
            self.add_error("nit_check", _("Escriba el dígito de verificación: el número que va después del guion."))
            return
        try:
            data["nit"], data["nit_check"] = number, check_nit(number, check)
        except DocumentError as error:
            self.add_error("nit_check", str(error))

    def _check_password(self, data: dict[str, Any]) -> None:
        password, again = data.get("password"), data.get("again")
        if not password:
            return
        if again and password != again:
            self.add_error("again", _("Las dos contraseñas no son iguales."))
            return
        person = User(
            username=data.get("email", ""), email=data.get("email", ""), name=data.get("person_name", ""), role=Role.STAFF
        )
        try:
            validate_password(password, person)
        except forms.ValidationError as error:
            self.add_error("password", error)


class OtherSlugForm(forms.Form):
    """Another subdomain, when someone else was first."""

    slug = SlugField()

    def __init__(self, *args: Any, signup: Signup, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        slug = self.fields["slug"]
        if isinstance(slug, SlugField):
            slug.besides = signup


def _name(text: str, message: Any) -> str:
    """A name as we keep it; it stands in mail headers, so it is one line with letters in it."""
    clean = clean_name(text)
    if len(clean) < 3 or not any(sign.isalpha() for sign in clean):
        raise forms.ValidationError(message)
    return clean
