"""What the superadmin does not show: the tables of libraries (accounts, groups), whose pages have no door of ours."""

from django.contrib import admin

LIBRARIES = ("allauth.", "django.contrib.auth.")

for model, model_admin in list(admin.site._registry.items()):
    if type(model_admin).__module__.startswith(LIBRARIES):
        admin.site.unregister(model)
