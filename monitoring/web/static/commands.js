// Commands: each asks for a word to be typed, says what it came to, and is sent once.

import { h } from "/static/dom.js";

const ABOUT = {
  halt: ["Halt", "No new risk from now on, also after a restart: entries are cancelled, exits go on working.", true],
  resume: ["Resume", "Allow new risk again after a halt. After a trip of the breaker it takes `pitboss rearm`.", true],
  flatten: ["Flatten everything", "Every position is closed at the market, entries are cancelled, and nothing is opened until `pitboss rearm`.", true],
  close: ["Close", "Entries in this symbol are cancelled, and what is held is sold or bought back at the market.", false],
};

export function commandButton(context, command, symbol = "") {
  const [title] = ABOUT[command];
  const label = symbol === "" ? title : `${title} ${symbol}`;
  const kind = command === "resume" ? "quiet" : "danger";
  return h("button", { type: "button", class: kind, onclick: () => ask(context, command, symbol, label) }, label);
}

function ask(context, command, symbol, label) {
  const dialog = document.getElementById("dialog");
  const [, about, reasoned] = ABOUT[command];
  const word = symbol === "" ? command.toUpperCase() : symbol;
  const confirm = h("input", { id: "confirm", autocomplete: "off", spellcheck: "false", autocapitalize: "off" });
  const reason = h("input", { id: "reason", autocomplete: "off", maxlength: "200" });
  const answer = h("p", { class: "answer", role: "status" });
  const send = h("button", { class: "danger", disabled: true }, label);
  const leave = h("button", { type: "button", class: "quiet", onclick: () => dialog.close() }, "Cancel");
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", {}, `${label} · ${context.process.name}`),
    h("p", {}, about),
    h("label", { for: "confirm" }, "Type ", h("b", { class: "word" }, word), " to confirm"),
    confirm,
    reasoned ? [h("label", { for: "reason" }, "Reason, for the journal"), reason] : [],
    answer,
    h("div", { class: "actions" }, leave, send),
  );
  confirm.addEventListener("input", () => (send.disabled = confirm.value.trim() !== word));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (confirm.value.trim() !== word) return;
    for (const one of [send, confirm, reason]) one.disabled = true;
    answer.className = "answer";
    answer.textContent = "Asking…";
    const [text, fine] = await carryOut(context, { command, confirm: word, symbol, reason: reason.value.trim() });
    answer.textContent = text;
    answer.classList.add(fine ? "fine" : "error");
    leave.textContent = "Done";
    leave.focus();
  });
  dialog.replaceChildren(form);
  dialog.showModal();
  confirm.focus();
}

async function carryOut(context, { command, confirm, symbol, reason }) {
  const fields = { command, confirm };
  if (symbol) fields.symbol = symbol;
  if (reason) fields.reason = reason;
  try {
    const answer = await fetch(`/api/${context.number}/command`, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Pitboss-CSRF": context.session.csrf },
      body: JSON.stringify(fields),
    });
    const said = await answer.json();
    return answer.ok ? [said.text, true] : [said.error, false];
  } catch (error) {
    return [`No answer came (${error.message}): look whether it was done before you ask again.`, false];
  }
}
