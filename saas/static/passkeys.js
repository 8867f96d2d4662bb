// Passkeys: a form with data-passkey ("create" or "get") and data-options asks the browser for its key before it is sent.
// Needs allauth's webauthn-json.js, which turns the options and the key into JSON and back.
"use strict";

document.querySelectorAll("form[data-passkey]").forEach((form) => {
  const field = form.querySelector("[name=credential]");
  const failed = form.querySelector("[data-passkey-error]");
  form.addEventListener("submit", async (event) => {
    if (field.value) return;
    event.preventDefault();
    failed.hidden = true;
    try {
      const options = JSON.parse(form.dataset.options);
      field.value = JSON.stringify(await window.webauthnJSON[form.dataset.passkey](options));
    } catch (error) {
      failed.hidden = false;
      return;
    }
    form.requestSubmit();
  });
});
