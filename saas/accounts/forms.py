"""The forms of the way in: log in, ask for a new password, set one."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm as AllauthLoginForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.utils.translation import gettext_lazy as _

from saas.accounts.captcha import CaptchaField
from saas.accounts.models import User


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
        self.rules = password_validators_help_texts()

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
