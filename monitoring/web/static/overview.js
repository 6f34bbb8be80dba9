// Everything at a glance.

import { card, h, link, s } from "/static/dom.js";
import { commandButton } from "/static/commands.js";
import { duration, gain, milliseconds, money, moment, net, number, percent, quantity } from "/static/format.js";
import { stateOf } from "/static/frame.js";
import { linesTable, ordersTable, positionsTable, signalsTable } from "/static/rows.js";

const NEWEST = 12;
const QUIET = ["actor.started", "actor.stopped", "order.intent", "order.accepted", "position.updated"];

export function overview(context) {
  const { live } = context;
  const tiles = h("div", { class: "tiles" });
  const limits = h("div", { class: "limits" });
  const limited = card("Limits", limits);
  const positions = positionsTable();
  const orders = ordersTable("No order works.");
  const signals = signalsTable();
  const lines = linesTable([]);
  const alarms = h("div", { class: "alarms" });
  const ages = h("small");

  live.on(["process", "counts", "positions", "orders", "pnl"], (process, counts, held, working, pnl) => {
    tiles.replaceChildren(...drawTiles(process, counts, held, working, pnl, ages));
    limits.replaceChildren(...process.exposure.map(limit));
    limited.hidden = process.exposure.length === 0;
  });
  live.on(["process"], (process) => {
    const told = process.reason ? `${stateOf(process)}: ${process.reason}` : "";
    if (reason.textContent !== told) reason.textContent = told;
    reason.hidden = told === "";
  });
  const reason = h("p", { class: "reason", hidden: true });
  live.on(["positions"], (held) => positions.update(held.filter((one) => one.state !== "CLOSED")));
  live.on(["orders"], (working) => orders.update(working));
  live.on(["signals"], (all) => signals.update(all.slice(-6).reverse()));
  live.on(["lines"], (all) => lines.update(all.filter((one) => !QUIET.includes(one.event)).slice(-NEWEST).reverse()));
  live.on(["alarms"], (standing) => {
    alarms.replaceChildren(...standing.map((one) => h("p", { class: "alarm" }, h("b", {}, one.kind), ` ${one.symbol ?? ""} ${one.text} `, link("/alarms", "what to do"))));
  });
  live.always(() => {
    const link_ = live.sections.process?.broker;
    ages.textContent = link_?.connected ? `last answer ${duration(live.age(link_.last_round_trip))} ago` : "";
  });
  const buttons = context.process.commands ? ["halt", "resume", "flatten"].map((name) => commandButton(context, name)) : [];
  return [
    h("h1", { class: "visually-hidden" }, "Overview"),
    alarms,
    reason,
    tiles,
    buttons.length > 0 ? h("div", { class: "actions commands" }, buttons) : "",
    card("Positions", positions.node),
    card("Working orders", orders.node),
    h("div", { class: "columns" }, card("What happened", lines.node), card("Signals", signals.node)),
    limited,
  ];
}

function tile(label, value, ...below) {
  return h("div", { class: "tile" }, h("div", { class: "label" }, label), h("div", { class: "value" }, value), h("div", { class: "below" }, ...below));
}

function drawTiles(process, counts, held, working, pnl, ages) {
  const money_ = process.portfolio ?? {};
  const total = net(money_.realized_pnl, money_.unrealized_pnl, money_.commission);
  const open = held.filter((one) => number(one.quantity));
  const naked = open.filter((one) => !one.protected).length;
  const broker = process.broker;
  const connected = broker?.connected && !process.stopped;
  return [
    tile("P&L after commission", gain(total), sparkline(pnl), h("small", {}, "realised ", gain(money_.realized_pnl), " · open ", gain(money_.unrealized_pnl), ` · commission ${money(money_.commission)}`)),
    tile("State", stateOf(process), h("small", {}, `since ${moment(process.since)}`)),
    tile("Broker", connected ? milliseconds(process.round_trip_seconds) : "no connection", connected ? ages : ""),
    tile("Positions", quantity(open.length), h("small", { class: naked ? "bad" : "" }, naked ? `${naked} NOT protected` : open.length ? "all protected" : "nothing is held")),
    tile("Gross exposure", money(money_.gross_exposure), h("small", {}, money_.equity ? `equity ${money(money_.equity)}` : "")),
    tile("Orders", `${quantity(working.length)} working`, h("small", {}, `${quantity(counts.fills)} fills · ${quantity(counts.denied)} denied · ${quantity(counts.rejected)} rejected`)),
  ];
}

function sparkline(points) {
  if (points.length < 2) return "";
  const [width, height] = [160, 28];
  const values = points.map(([, value]) => value);
  const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
  const times = points.map(([ts]) => Date.parse(ts));
  const [first, last] = [times[0], times[times.length - 1]];
  const x = (at) => (last === first ? 0 : ((at - first) / (last - first)) * width);
  const y = (value) => (high === low ? height / 2 : height - 2 - ((value - low) / (high - low)) * (height - 4));
  const path = points.map(([, value], index) => `${index ? "L" : "M"}${x(times[index]).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  return s(
    "svg",
    { class: "sparkline", viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": "profit and loss over time", preserveAspectRatio: "none" },
    s("line", { class: "zero", x1: 0, x2: width, y1: y(0), y2: y(0) }),
    s("path", { class: values[values.length - 1] >= 0 ? "gain" : "loss", d: path }),
  );
}

function limit(one) {
  const [used, maximum] = [number(one.used), number(one.maximum)];
  const share = used === null || !maximum ? null : used / maximum;
  const kind = share === null ? "" : share >= 0.95 ? "full" : share >= 0.75 ? "near" : "";
  return h(
    "div",
    { class: "limit" },
    h("span", {}, one.limit),
    h("span", { class: "number" }, `${money(one.used)} of ${money(one.maximum)} · ${percent(share)}`),
    h("meter", { class: kind, min: 0, max: 1, value: share === null ? 0 : Math.min(1, share), "aria-label": one.limit }),
  );
}
