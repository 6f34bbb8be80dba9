// Tables that several pages have.

import { Table, h, link, orderPath, symbolPath } from "/static/dom.js";
import { gain, moment, price, quantity, time } from "/static/format.js";
import { distance, gauge } from "/static/gauge.js";
import { number, percent } from "/static/format.js";

const at = (ts) => h("time", { datetime: ts, title: moment(ts) }, time(ts));
const of = (symbol) => (symbol ? link(symbolPath(symbol), symbol) : null);

export function reference(order) {
  const identity = order.order_ref || (order.perm_id ? String(order.perm_id) : "");
  return identity === "" ? null : link(orderPath(identity), identity, { class: "mono" });
}

const level = (position, name) => [price(position[name]), h("small", {}, percent(distance(position.last_price, position[name])))];

export function positionsTable() {
  const number_ = "number";
  return new Table(
    [
      ["Symbol", (one) => of(one.symbol), "head"],
      ["Quantity", (one) => [quantity(one.quantity), h("small", {}, number(one.quantity) < 0 ? "short" : number(one.quantity) > 0 ? "long" : one.state.toLowerCase())], number_],
      ["Average", (one) => price(one.average_price), number_],
      ["Last", (one) => price(one.last_price), number_],
      ["Unrealised", (one) => gain(one.unrealized_pnl), number_],
      ["Realised", (one) => gain(one.realized_pnl), number_],
      ["Stop", (one) => level(one, "stop"), number_],
      ["Target", (one) => level(one, "target"), number_],
      ["Between stop and target", (one) => gauge(one), "wide"],
      ["Protection", (one) => protection(one)],
    ],
    (one) => one.symbol,
    "No position is open.",
  );
}

export function protection(position) {
  if (!number(position.quantity)) return h("span", { class: "muted" }, position.state.toLowerCase());
  return position.protected ? h("span", { class: "good" }, "✓ protected") : h("span", { class: "bad" }, "✗ NOT protected");
}

export function ordersTable(empty, more = []) {
  return new Table(
    [
      ["Symbol", (one) => of(one.symbol), "head"],
      ["Role", (one) => one.role ?? "foreign"],
      ["Side", (one) => h("span", { class: one.side === "BUY" ? "buy" : "sell" }, one.side)],
      ["Quantity", (one) => `${quantity(one.filled)} / ${quantity(one.quantity)}`, "number"],
      ["Type", (one) => one.type],
      ["Price", (one) => price(one.limit ?? one.stop), "number"],
      ["Status", (one) => h("span", { class: one.status === "UNKNOWN" || one.status === "REJECTED" ? "bad" : "" }, one.status)],
      ...more,
      ["Order", (one) => reference(one)],
    ],
    (one) => one.order_ref || `#${one.perm_id}`,
    empty,
  );
}

export const AVERAGE = ["Filled at", (one) => price(one.average_price), "number"];

export function fillsTable(ofOne) {
  return new Table(
    [
      ["Time", (one) => at(one.ts), "head"],
      ...(ofOne ? [] : [["Symbol", (one) => of(one.symbol)]]),
      ["Side", (one) => h("span", { class: one.side === "BUY" ? "buy" : "sell" }, one.side)],
      ["Quantity", (one) => quantity(one.quantity), "number"],
      ["Price", (one) => price(one.price), "number"],
      ["Role", (one) => one.role ?? "foreign"],
      ["Order", (one) => reference(one)],
    ],
    (one) => `${one.execution} ${one.ts}`,
    "Nothing has filled.",
  );
}

export function signalsTable() {
  return new Table(
    [
      ["Time", (one) => at(one.ts), "head"],
      ["Symbol", (one) => of(one.symbol)],
      ["Signal", (one) => h("span", { class: one.signal === "BUY" ? "buy" : "sell" }, one.signal)],
      ["Confidence", (one) => (number(one.confidence) === null ? null : number(one.confidence).toFixed(2)), "number"],
      ["Fate", (one) => [h("b", {}, one.state), one.fate ? ` ${one.fate}` : ""], "text"],
      ["Why", (one) => link(orderPath(one.signal_id), "trace")],
    ],
    (one) => one.signal_id,
    "No signal has come.",
  );
}

export function linesTable(lines) {
  const list = h("ol", { class: "lines" });
  const seen = new Map();
  const draw = (items) => {
    const keys = new Set();
    const nodes = items.map((one) => {
      const key = JSON.stringify(one);
      keys.add(key);
      if (!seen.has(key)) seen.set(key, line(one));
      return seen.get(key);
    });
    for (const key of seen.keys()) if (!keys.has(key)) seen.delete(key);
    list.replaceChildren(...nodes);
  };
  draw(lines);
  return { node: list, update: draw };
}

function line(one) {
  const kind = one.level === "ERROR" ? "bad" : one.level === "WARNING" || one.event.startsWith("alarm.") ? "warn" : "";
  return h("li", { class: kind }, at(one.ts), h("span", { class: "what" }, one.text));
}
