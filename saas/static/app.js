// Small helps that a page works without: a form is sent once, a text is copied, ticked amounts are added up, the first error gets the focus.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  form.querySelectorAll("[type=submit]").forEach((button) => button.setAttribute("aria-busy", "true"));
  setTimeout(() => release(form), 15000); // the way may have been stopped: it can be tried again
});

// What may be paid already by the time that the browser takes the page out of its memory is asked for anew.
window.addEventListener("pageshow", (event) => { if (event.persisted && document.querySelector("form[data-fresh]")) location.reload(); });

// A page that comes back from the browser's memory can be sent again.
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach(release));

function release(form) {
  delete form.dataset.sent;
  form.querySelectorAll("[aria-busy]").forEach((button) => button.removeAttribute("aria-busy"));
}

// <button type="button" data-copy="text">Copiar</button>
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button || !navigator.clipboard) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  const label = button.textContent;
  button.textContent = "Copiado";
  setTimeout(() => { button.textContent = label; }, 1500);
});

// <form data-total data-one="marcada" data-many="marcadas">: what its ticked boxes (data-amount) add up to, in its <output>
function total(form) {
  const ticked = [...form.querySelectorAll("input[data-amount]:checked")];
  const cents = ticked.reduce((sum, box) => sum + Math.round(Number(box.dataset.amount) * 100), 0);
  const figure = (cents / 100).toLocaleString("es-CO", { minimumFractionDigits: cents % 100 ? 2 : 0 });
  const output = form.querySelector("output");
  output.hidden = !ticked.length;
  output.textContent = `${ticked.length} ${ticked.length === 1 ? form.dataset.one : form.dataset.many}: $\u00a0${figure}`;
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-total]");
  if (form) total(form);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-total]").forEach((form) => form.querySelector("output") && total(form)));

// <form data-share>: what was received (amount) goes to the ticked invoices (data-owed), the oldest first. What somebody typed stays.
const cop = (amount) => amount.toLocaleString("es-CO", { minimumFractionDigits: amount % 1 ? 2 : 0 });
const pesos = (text) => Number(text.replace(/[^\d,]/g, "").replace(",", ".")) || 0;
const ofInvoice = (form, box) => form.elements[box.name.replace("pick_", "invoice_")];
function share(form) {
  const ticked = [...form.querySelectorAll("input[data-owed]:checked")];
  const received = pesos(form.elements.amount.value);
  let left = ticked.reduce((sum, box) => sum - (ofInvoice(form, box).dataset.filled ? 0 : pesos(ofInvoice(form, box).value)), received);
  for (const box of ticked) {
    const field = ofInvoice(form, box);
    if (field.value && !field.dataset.filled) continue;
    const part = Math.max(0, Math.min(Number(box.dataset.owed), left));
    left -= part;
    field.value = part ? cop(part) : "";
    field.dataset.filled = "1";
  }
  const output = form.querySelector("output");
  const owed = ticked.reduce((sum, box) => sum + Number(box.dataset.owed), 0);
  output.hidden = !ticked.length;
  output.textContent = `Las marcadas deben $\u00a0${cop(owed)}.` + (received ? left < 0 ? " Lo que aplica pasa de lo recibido." : left ? ` Quedan $\u00a0${cop(left)} como saldo a favor.` : " Se aplica todo lo recibido." : "");
}
document.addEventListener("input", ({ target }) => {
  const form = target.closest("form[data-share]");
  if (!form) return;
  const box = form.elements[target.name.replace("invoice_", "pick_")];
  if (target.matches("[data-owed]")) {
    ofInvoice(form, target).value = "";
    ofInvoice(form, target).dataset.filled = "1";
  } else if (target.name.startsWith("invoice_")) {
    delete target.dataset.filled;
    box.checked = Boolean(target.value);
  } else if (target.name === "how" && target.value !== "chosen") {
    form.querySelectorAll("input[data-owed]:checked").forEach((each) => { each.checked = false; ofInvoice(form, each).value = ""; });
  } else if (target.name !== "amount") return;
  const any = form.querySelector("input[data-owed]:checked");
  if (any) form.querySelector("[name=how][value=chosen]").checked = true;
  if (any || target.name !== "amount") share(form);
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-share]").forEach((form) => form.querySelector("[data-owed]:checked") && share(form)));

// <details data-fold open>: closed on a telephone, where the list itself comes first
if (matchMedia("(max-width: 767.98px)").matches) document.querySelectorAll("details[data-fold]").forEach((part) => { part.open = false; });

// <details data-menu>: closed by going to one of its places
document.addEventListener("click", (event) => event.target.closest("details[data-menu] a")?.closest("details").removeAttribute("open"));

// <form data-ask="What follows from it">: asked first, with the button's words as the question. Heard before the form is counted as sent.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.dataset.ask || form.dataset.asked) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  dialog.setAttribute("aria-labelledby", "ask-title");
  const make = (name, text, className = "") => Object.assign(document.createElement(name), { textContent: text, className });
  const words = event.submitter.textContent.trim();
  const actions = make("div", "", "ask-actions");
  const [no, yes] = [make("button", "Cancelar", "btn"), make("button", words, "btn btn-danger")];
  actions.append(no, yes);
  dialog.append(Object.assign(make("h2", `¿${words}?`), { id: "ask-title" }), make("p", form.dataset.ask), actions);
  no.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => { form.dataset.asked = "1"; dialog.close(); form.requestSubmit(event.submitter); });
  dialog.addEventListener("close", () => { dialog.remove(); delete form.dataset.asked; });
  document.body.append(dialog);
  dialog.showModal();
}, true);

// <details class="menu">: a click elsewhere and Escape close it; Escape gives the focus back
document.addEventListener("click", (event) => document.querySelectorAll(".menu[open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector(".menu[open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// Where one is in the navigation at the side comes into sight.
const [side, here] = [".desk-side", ".desk-side [aria-current]"].map((name) => document.querySelector(name));
if (here) side.scrollTop = Math.max(0, here.offsetTop - side.clientHeight / 2);

document.querySelector("[aria-invalid=true]")?.focus();
