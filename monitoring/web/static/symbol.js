// One symbol: what is held, its price and exits over time, its orders and fills.

import { Chart } from "/static/chart.js";
import { commandButton } from "/static/commands.js";
import { card, h } from "/static/dom.js";
import { gain, money, moment, number, percent, price, quantity } from "/static/format.js";
import { distance } from "/static/gauge.js";
import { fillsTable, linesTable, ordersTable, signalsTable } from "/static/rows.js";

export function symbol(context) {
  const { live, subject } = context;
  const facts = h("div", { class: "tiles" });
  const chart = new Chart();
  const working = ordersTable("No order works in this symbol.", { ofOne: true });
  const done = ordersTable("No order is done today.", { done: true, ofOne: true });
  const fills = fillsTable(true);
  const signals = signalsTable();
  const lines = linesTable([]);
  const own = (all) => all.filter((one) => one.symbol === subject);

  document.title = `${subject} · Pitboss`;
  live.on(["positions"], (positions) => facts.replaceChildren(...drawFacts(positions.find((one) => one.symbol === subject))));
  live.on(["orders"], (all) => working.update(own(all)));
  live.on(["done_orders"], (all) => done.update(own(all).reverse()));
  live.on(["signals"], (all) => signals.update(own(all).slice(-10).reverse()));
  live.on(["symbol"], (now) => {
    chart.update(now);
    fills.update(now.fills.slice(-20).reverse());
    lines.update(now.lines.slice(-15).reverse());
  });
  const button = context.process.commands ? commandButton(context, "close", subject) : null;
  return [
    h("div", { class: "title" }, h("h1", {}, subject), button ?? ""),
    facts,
    card("Price, stop and target", chart.node),
    card("Working orders", working.node),
    h("div", { class: "columns" }, card("Fills", fills.node), card("What happened", lines.node)),
    card("Orders done today", done.node),
    card("Signals", signals.node),
  ];
}

function fact(label, value, below = "") {
  return h("div", { class: "tile" }, h("div", { class: "label" }, label), h("div", { class: "value" }, value), h("div", { class: "below" }, h("small", {}, below)));
}

function drawFacts(position) {
  if (position === undefined) return [fact("Position", "none", "nothing is known of this symbol yet")];
  const held = number(position.quantity);
  const away = (name) => (position[name] === null ? "" : `${percent(Math.abs(distance(position.last_price, position[name]) ?? NaN))} away`);
  return [
    fact("Position", held ? quantity(position.quantity) : position.state.toLowerCase(), held ? `${held < 0 ? "short" : "long"}${position.opened ? `, since ${moment(position.opened)}` : ""}` : ""),
    fact("Average", price(position.average_price)),
    fact("Last", price(position.last_price), position.last_price === null ? "" : percent(distance(position.average_price, position.last_price))),
    fact("Unrealised", gain(position.unrealized_pnl)),
    fact("Realised", gain(position.realized_pnl), `commission ${money(position.commission)}`),
    fact("Stop", price(position.stop), away("stop")),
    fact("Target", price(position.target), away("target")),
    fact("Protected", held ? (position.protected ? h("span", { class: "good" }, "✓ yes") : h("span", { class: "bad" }, "✗ NO")) : "–", position.exits ?? ""),
  ];
}
