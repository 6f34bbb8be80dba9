// The supervision tree.

import { card, h } from "/static/dom.js";
import { quantity } from "/static/format.js";

export function tree({ live }) {
  const list = h("ul", { class: "tree" });
  const summary = h("p", { class: "muted" });
  document.title = "Tree · Pitboss";
  live.on(["actors"], (actors) => {
    const groups = new Map(); // the part before the slash → its actors
    for (const actor of actors) {
      const [group, ...rest] = actor.address.split("/");
      if (!groups.has(group)) groups.set(group, []);
      groups.get(group).push([rest.length > 0, actor]);
    }
    list.replaceChildren(...[...groups].map(([name, members]) => branch(name, members)));
    const restarts = actors.reduce((sum, actor) => sum + actor.restarts, 0);
    const waiting = actors.reduce((sum, actor) => sum + actor.mailbox, 0);
    const down = actors.filter((actor) => actor.state !== "running").length;
    summary.textContent = `${quantity(actors.length)} actors, ${down ? `${down} not running` : "all running"}, ${quantity(restarts)} restarts, ${quantity(waiting)} messages wait`;
  });
  return [h("h1", {}, "Supervision tree"), summary, card(null, list)];
}

function branch(name, members) {
  if (!members[0][0]) return h("li", {}, leaf(members[0][1]));
  const bad = members.filter(([, actor]) => actor.state !== "running").length;
  const label = h("div", { class: "actor group" }, h("span", { class: "address" }, name), h("span", { class: "muted" }, `${members.length} actors${bad ? `, ${bad} not running` : ""}`));
  return h("li", {}, label, h("ul", {}, members.map(([, actor]) => h("li", {}, leaf(actor)))));
}

function leaf(actor) {
  const kind = { running: "good", quarantined: "bad", restarting: "warn", stopped: "muted" }[actor.state] ?? "warn";
  return h(
    "div",
    { class: "actor" },
    h("span", { class: "address" }, actor.address),
    h("span", { class: kind }, `${kind === "good" ? "●" : "○"} ${actor.state}`),
    h("span", { class: actor.restarts ? "warn" : "muted" }, `${actor.restarts} restarts`),
    h("span", { class: actor.mailbox ? "" : "muted" }, `${actor.mailbox} waiting`),
    actor.error ? h("span", { class: "error" }, actor.error) : "",
  );
}
