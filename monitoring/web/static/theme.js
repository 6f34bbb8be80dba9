// Before anything is drawn: what was chosen here, else what the system wants.
"use strict";
(() => {
  const chosen = localStorage.getItem("pitboss-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
