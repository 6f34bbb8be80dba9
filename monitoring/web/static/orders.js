// All orders of today.

import { card, h } from "/static/dom.js";
import { fillsTable, ordersTable } from "/static/rows.js";

export function orders({ live }) {
  const working = ordersTable("No order works.");
  const done = ordersTable("No order is done today.", { done: true });
  const fills = fillsTable(false);
  document.title = "Orders · Pitboss";
  live.on(["orders"], (all) => working.update(all));
  live.on(["done_orders"], (all) => done.update([...all].reverse()));
  live.on(["fills"], (all) => fills.update([...all].reverse()));
  return [h("h1", {}, "Orders"), card("Working", working.node), card("Done today, the newest 100", done.node), card("The newest fills", fills.node)];
}
