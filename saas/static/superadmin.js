// The superadmin, over what its library brings: the box that chooses several has its field's name, and the labels beside each value of a
// row on a phone are written as Spanish is, with one capital. The box is made late, and made again when something is chosen.
"use strict";
const nameBoxes = () => {
  for (const box of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
    const field = box.closest(".select2-container")?.previousElementSibling;
    const label = field && document.querySelector(`label[for="${CSS.escape(field.id)}"]`);
    if (label) box.setAttribute("aria-label", label.textContent.replace("*", "").trim());
  }
};
document.addEventListener("DOMContentLoaded", () => {
  for (const cell of document.querySelectorAll("[data-label]")) {
    const said = cell.dataset.label;
    cell.dataset.label = said.charAt(0).toUpperCase() + said.slice(1);
  }
  nameBoxes();
  new MutationObserver(nameBoxes).observe(document.body, { childList: true, subtree: true });
});
