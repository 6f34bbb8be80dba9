// The life of an order, a position or a prediction, from the journal.

import { card, h, link, orderPath, symbolPath } from "/static/dom.js";
import { gain, money, moment, price, quantity, time } from "/static/format.js";

export function order({ live, number, subject, process }) {
  const place = h("div", {}, h("p", { class: "muted" }, "Reading the journal…"));
  document.title = `${subject} · Pitboss`;
  if (!process.trace) {
    place.replaceChildren(h("p", { class: "empty" }, "The journal is not known here: start pitboss web with --journal, or with the state folder."));
    return [h("h1", { class: "mono" }, subject), place];
  }
  let concerned = new Set([subject]);
  let asked = false;
  const read = async () => {
    asked = false;
    const answer = await fetch(`/api/${number}/trace/${encodeURIComponent(subject)}`);
    const found = await answer.json();
    if (!answer.ok) {
      place.replaceChildren(h("p", { class: "empty" }, found.error));
      return;
    }
    concerned = new Set([subject, ...found.orders.map((one) => one.order_ref)]);
    const opened = new Set([...place.querySelectorAll("details[open]")].map((node) => node.dataset.sequence));
    place.replaceChildren(...draw(found, opened));
  };
  const wish = () => {
    if (!asked) setTimeout(() => read().catch((error) => place.replaceChildren(h("p", { class: "error" }, error.message))), 300);
    asked = true;
  };
  let newest = "";
  live.on(["lines"], (lines) => {
    const own = lines.filter((one) => concerned.has(one.order_ref) || concerned.has(one.fields.signal_id) || concerned.has(one.fields.position_id));
    const last = own.length > 0 ? JSON.stringify(own[own.length - 1]) : "nothing";
    if (last !== newest) wish();
    newest = last;
  });
  return [h("h1", { class: "mono" }, subject), place];
}

function draw(found, opened) {
  return [
    h("p", {}, `${found.kind} in `, link(symbolPath(found.symbol), found.symbol), found.traded ? "" : h("b", { class: "warn" }, " · nothing was traded")),
    h("div", { class: "tiles" }, found.orders.map(drawOrder), found.positions.map(drawPosition)),
    card("Life", h("ol", { class: "life" }, found.timeline.map((one) => drawLine(one, found, opened)))),
  ];
}

function drawOrder(one) {
  const at = one.limit ?? one.stop;
  return h(
    "div",
    { class: "tile" },
    h("div", { class: "label" }, one.role ?? "order", " ", link(orderPath(one.order_ref), one.order_ref, { class: "mono" })),
    h("div", { class: "value" }, one.status),
    h("div", { class: "below" }, h("small", {}, `${one.side} ${quantity(one.quantity)} ${one.type}${at === null ? "" : ` at ${price(at)}`}${Number(one.filled) ? `, ${quantity(one.filled)} filled at ${price(one.average_price)}, commission ${money(one.commission)}` : ""}`), one.text ? h("small", {}, one.text) : ""),
  );
}

function drawPosition(one) {
  return h(
    "div",
    { class: "tile" },
    h("div", { class: "label" }, "position ", link(orderPath(one.position_id), one.position_id, { class: "mono" })),
    h("div", { class: "value" }, one.state === "CLOSED" ? gain(one.net_pnl) : `${quantity(one.quantity)} open`),
    h("div", { class: "below" }, h("small", {}, one.state === "CLOSED" ? `closed by ${one.reason}, after ${money(one.commission)} of commission` : `at ${price(one.average_price)}`)),
  );
}

function drawLine(one, found, opened) {
  const gates = found.gates.filter((gate) => gate.sequence === one.sequence);
  return h(
    "li",
    { class: `stage-${/^[a-z]+$/.test(one.stage) ? one.stage : "other"}` },
    h("time", { datetime: one.time, title: moment(one.time) }, `${time(one.time)}.${one.time.slice(20, 23)}`),
    h("span", { class: "stage" }, one.stage),
    h(
      "div",
      { class: "what" },
      one.text,
      one.status ? h("b", { class: "status" }, `→ ${one.status}`) : "",
      one.order_ref && found.orders.length > 1 ? h("small", { class: "mono" }, one.order_ref) : "",
      gates.length > 0 ? h("ul", { class: "gates" }, gates.map((gate) => h("li", { class: gate.passed ? "good" : "bad" }, `${gate.passed ? "✓" : "✗"} ${gate.stage}: ${gate.gate}`, gate.figures ? h("span", { class: "muted" }, ` ${gate.figures}`) : ""))) : "",
      h("details", { "data-sequence": one.sequence, open: opened.has(String(one.sequence)) }, h("summary", {}, `record ${one.sequence}`), h("pre", {}, JSON.stringify(one.record, null, 1))),
    ),
  );
}
