// What a person must know about, and what to do.

import { card, h, link, orderPath, prose, symbolPath } from "/static/dom.js";
import { duration, moment } from "/static/format.js";
import { linesTable } from "/static/rows.js";

export function alarms({ live }) {
  const list = h("div", {}, h("p", { class: "empty" }, "No alarm stands."));
  const lines = linesTable([]);
  document.title = "Alarms · Pitboss";
  live.on(["alarms"], (standing) => list.replaceChildren(...(standing.length > 0 ? standing.map(drawAlarm) : [h("p", { class: "empty" }, "No alarm stands.")])));
  live.on(["lines"], (all) => lines.update(all.filter((one) => one.event.startsWith("alarm.") || one.level === "ERROR").slice(-50).reverse()));
  live.always(() => {
    for (const node of list.querySelectorAll("[data-since]")) node.textContent = `for ${duration(live.age(node.dataset.since))}`;
  });
  return [
    h("h1", {}, "Alarms"),
    card("Standing", list),
    h("p", { class: "muted" }, "An alarm stays until its cause is gone; one that a person has seen to is ended with ", h("code", {}, "pitboss alarms --clear ID"), "."),
    card("Raised, cleared and failed lately", lines.node),
  ];
}

function drawAlarm(one) {
  const { title, severity, means, done, do: steps } = one.runbook;
  const about = [
    one.symbol ? link(symbolPath(one.symbol), one.symbol) : "",
    one.order_ref ? link(orderPath(one.order_ref), one.order_ref, { class: "mono" }) : one.perm_id ? `permId ${one.perm_id}` : "",
  ].filter((part) => part !== "");
  return h(
    "section",
    { class: "standing" },
    h("h3", {}, h("span", { class: `severity ${severity === "critical" ? "critical" : ""}` }, severity), title, h("span", { class: "mono muted" }, one.kind)),
    h("p", {}, h("b", {}, one.text), " ", about.flatMap((part) => [part, " "])),
    h("p", { class: "muted" }, `since ${moment(one.since)}, `, h("span", { "data-since": one.since }), ", id ", h("span", { class: "mono" }, one.id)),
    h("p", {}, prose(means)),
    h("p", {}, h("b", {}, "Pitboss has done: "), prose(done)),
    h("p", {}, h("b", {}, "You:")),
    h("ol", {}, steps.map((step) => h("li", {}, prose(step)))),
  );
}
