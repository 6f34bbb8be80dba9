// What a person must know about.

import { Table, card, h, link, orderPath, symbolPath } from "/static/dom.js";
import { duration, moment } from "/static/format.js";
import { linesTable } from "/static/rows.js";

export function alarms({ live }) {
  const table = new Table(
    [
      ["Kind", (one) => h("b", { class: "bad" }, one.kind), "head"],
      ["About", (one) => [one.symbol ? link(symbolPath(one.symbol), one.symbol) : "", " ", one.order_ref ? link(orderPath(one.order_ref), one.order_ref, { class: "mono" }) : one.perm_id ? String(one.perm_id) : ""]],
      ["What", (one) => one.text, "text"],
      ["Since", (one) => [moment(one.since), h("small", { "data-since": one.since })], "text"],
      ["Id", (one) => h("span", { class: "mono" }, one.id)],
    ],
    (one) => one.id,
    "No alarm stands.",
  );
  const lines = linesTable([]);
  document.title = "Alarms · Pitboss";
  live.on(["alarms"], (standing) => table.update(standing));
  live.on(["lines"], (all) => lines.update(all.filter((one) => one.event.startsWith("alarm.") || one.level === "ERROR").slice(-50).reverse()));
  live.always(() => {
    for (const node of table.node.querySelectorAll("[data-since]")) node.textContent = duration(live.age(node.dataset.since));
  });
  return [
    h("h1", {}, "Alarms"),
    card("Standing", table.node),
    h("p", { class: "muted" }, "An alarm stays until its cause is gone; one that a person has seen to is ended with ", h("code", {}, "pitboss alarms --clear ID"), "."),
    card("Raised, cleared and failed lately", lines.node),
  ];
}
