"""The API's addresses, under /api/v1/ of each agency's host. Each app has its own door; what is not here is a 404 in the
API's own form."""

from django.urls import path, re_path

from clientarea import api as client_api
from payments import api as payment_api
from payments.invoicing import api as invoice_api
from pqrs import api as case_api
from saas.api import docs, problems, schema

urlpatterns = [
    path("v1/schema.json", schema.schema_json, name="api_schema"),
    path("v1/docs/", docs.api_docs, name="api_docs"),
    *[path(f"v1/{one.pattern}", one.callback, name=one.name) for app in (client_api, invoice_api, payment_api, case_api) for one in app.urlpatterns],
    re_path("", problems.unknown),
]
