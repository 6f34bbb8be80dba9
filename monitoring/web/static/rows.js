// Tables that several pages have.

import { Table, h, link, orderPath, symbolPath } from "/static/dom.js";
import { gain, moment, number, percent, price, quantity, time } from "/static/format.js";
import { distance, gauge } from "/static/gauge.js";

const at = (ts) => h("time", { datetime: ts, title: moment(ts) }, time(ts));
const of = (symbol) => (symbol ? link(symbolPath(symbol), symbol) : null);

function reference(order) {
  const identity = order.order_ref || (order.perm_id ? String(order.perm_id) : "");
  return identity === "" ? null : link(orderPath(identity), identity, { class: "mono" });
}

function level(position, name) {
  const away = distance(position.last_price, position[name]);
  return [price(position[name]), away === null ? "" : h("small", {}, percent(away))];
}

export function positionsTable() {
  return new Table(
    [
      ["Symbol", (one) => of(one.symbol), "head"],
      ["Quantity", (one) => [quantity(one.quantity), h("small", {}, number(one.quantity) < 0 ? "short" : number(one.quantity) > 0 ? "long" : one.state.toLowerCase())], "number"],
      ["Average", (one) => price(one.average_price), "number"],
      ["Last", (one) => price(one.last_price), "number"],
      ["Unrealised", (one) => gain(one.unrealized_pnl), "number"],
      ["Realised", (one) => gain(one.realized_pnl), "number"],
      ["Stop", (one) => level(one, "stop"), "number"],
      ["Target", (one) => level(one, "target"), "number"],
      ["Between stop and target", (one) => gauge(one), "wide"],
      ["Protection", (one) => protection(one)],
    ],
    (one) => one.symbol,
    "No position is open.",
  );
}

function protection(position) {
  if (!number(position.quantity)) return h("span", { class: "muted" }, position.state.toLowerCase());
  return position.protected ? h("span", { class: "good" }, "✓ protected") : h("span", { class: "bad" }, "✗ NOT protected");
}

export function ordersTable(empty, { done = false, ofOne = false } = {}) {
  return new Table(
    [
      ...(ofOne ? [] : [["Symbol", (one) => of(one.symbol), "head"]]),
      ["Role", (one) => one.role ?? "foreign", ofOne ? "head" : ""],
      ["Side", (one) => h("span", { class: one.side === "BUY" ? "buy" : "sell" }, one.side)],
      ["Quantity", (one) => `${quantity(one.filled)} / ${quantity(one.quantity)}`, "number"],
      ["Type", (one) => one.type],
      ["Price", (one) => price(one.limit ?? one.stop), "number"],
      ["Status", (one) => h("span", { class: one.status === "UNKNOWN" || one.status === "REJECTED" ? "bad" : "" }, one.status)],
      ...(done ? [["Filled at", (one) => price(one.average_price), "number"]] : []),
      ["Order", (one) => reference(one)],
    ],
    (one) => one.order_ref || `#${one.perm_id}`,
    empty,
  );
}

export function fillsTable(ofOne) {
  return new Table(
    [
      ["Time", (one) => at(one.ts), "head when"],
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
      ["Time", (one) => at(one.ts), "head when"],
      ["Symbol", (one) => of(one.symbol)],
      ["Signal", (one) => h("span", { class: { BUY: "buy", SELL: "sell", SHORT: "sell" }[one.signal] ?? "muted" }, one.signal || "–")],
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
