"""The forms of the way in and of *Seguridad*: log in, ask for a new password, set or change one, codes and passkeys."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.core.internal import ratelimit
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from saas.accounts.captcha import CaptchaField
from saas.accounts.models import User

PASSWORD_LIMITS = {"password": "10/5m/user"}


class LoginForm(AllauthLoginForm):
    """*usuario*, *contraseña* and the *no soy robot* check."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(
            label=_("Usuario"),
            max_length=254,
            help_text=_("Su número de documento o su correo."),
            widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
        )
        self.fields["password"].label = _("Contraseña")
        self.fields["password"].help_text = ""
        self.fields["password"].widget = forms.PasswordInput(attrs={"autocomplete": "current-password"})
        self.fields["captcha"] = CaptchaField()
        self.order_fields(["login", "password", "captcha"])


class ForgottenPasswordForm(forms.Form):
    """Whose password is forgotten. It answers the same whether the account exists or not."""

    login = forms.CharField(
        label=_("Usuario"),
        max_length=254,
        help_text=_("Su número de documento o su correo. Le enviaremos un enlace al correo registrado."),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    captcha = CaptchaField()


class SetPasswordForm(forms.Form):
    """A new password, twice."""

    password = forms.CharField(
        label=_("Nueva contraseña"),
        max_length=128,
        strip=False,
        help_text=_("Al menos 10 caracteres, no solo números. Evite su nombre, su correo y las claves comunes."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("Repita la contraseña"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        password, again = data.get("password"), data.get("again")
        if password and again and password != again:
            self.add_error("again", _("Las dos contraseñas no son iguales."))
        elif password:
            try:
                validate_password(password, self.user)
            except forms.ValidationError as error:
                self.add_error("password", error)
        return data


class PasswordForm(forms.Form):
    """The account's own password, before something that only its person may do. `request` carries who and counts tries."""

    current = forms.CharField(
        label=_("Su contraseña actual"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_current(self) -> str:
        if not ratelimit.consume(self.request, app="accounts", action="password", config=PASSWORD_LIMITS):
            raise forms.ValidationError(_("Demasiados intentos. Espere cinco minutos y vuelva a intentarlo."))
        typed = str(self.cleaned_data["current"])
        if not self.request.user.check_password(typed):
            raise forms.ValidationError(_("Esa no es su contraseña actual."))
        return typed


class ChangePasswordForm(SetPasswordForm, PasswordForm):
    """A new password, with the old one."""

    field_order = ["current", "password", "again"]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if data.get("password") and data.get("password") == data.get("current"):
            self.add_error("password", _("Elija una contraseña distinta de la actual."))
        return data


class CodeForm(forms.Form):
    """Digits: of an application, of a recovery code, or of a mail."""

    code = forms.CharField(
        label=_("Código"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false"}),
    )


class EnrolForm(CodeForm, PasswordForm):
    """The first code of an application, and the password."""

    field_order = ["code", "current"]


class PasskeyForm(PasswordForm):
    """A name for a passkey, and the password. What the browser made of the key is checked by allauth's form."""

    name = forms.CharField(
        label=_("Nombre de la llave"), max_length=60, required=False, help_text=_("Para reconocerla: «Celular», «Portátil de la oficina».")
    )
    field_order = ["name", "current"]
