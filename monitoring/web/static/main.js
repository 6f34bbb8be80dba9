// Which page this is; what is around all of them.

import { h } from "/static/dom.js";
import { Live } from "/static/live.js";
import { frame } from "/static/frame.js";
import { alarms } from "/static/alarms.js";
import { log } from "/static/log.js";
import { order } from "/static/order.js";
import { orders } from "/static/orders.js";
import { overview } from "/static/overview.js";
import { report } from "/static/report.js";
import { signals } from "/static/signals.js";
import { symbol } from "/static/symbol.js";
import { tree } from "/static/tree.js";

const PAGES = { "": overview, symbol, order, orders, signals, tree, alarms, log, report };

async function begin() {
  const answer = await fetch("/api/session");
  if (answer.status === 401) {
    location.reload(); // to the login
    return;
  }
  const session = await answer.json();
  const wanted = Number(new URLSearchParams(location.search).get("p") ?? 0);
  const number = session.processes[wanted] === undefined ? 0 : wanted;
  const [, name, ...rest] = location.pathname.split("/");
  const subject = rest.length > 0 ? decodeURIComponent(rest.join("/")) : null;
  const live = new Live(number, name === "symbol" ? subject : null);
  const context = { live, session, number, process: session.processes[number], subject, page: name };
  frame(context);
  document.getElementById("main").replaceChildren(...PAGES[name](context));
  live.open();
}

begin().catch((error) => {
  document.getElementById("main").replaceChildren(h("p", { class: "error" }, `This page could not be drawn: ${error.message}`));
});
