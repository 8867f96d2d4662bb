"""What the superadmin does not show: allauth's e-mail addresses are the accounts' own business."""

from allauth.account.models import EmailAddress
from django.contrib import admin

if admin.site.is_registered(EmailAddress):
    admin.site.unregister(EmailAddress)
