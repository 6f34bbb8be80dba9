// The newest lines of the log, in words, with what to filter by; a line opens to all of its fields.

import { card, h } from "/static/dom.js";
import { moment, time } from "/static/format.js";

const MOST = 300;

export function log({ live }) {
  const wanted = h("input", { type: "search", placeholder: "Filter: symbol, order, event, words", "aria-label": "Filter", spellcheck: "false" });
  const level = h("select", { "aria-label": "Level" }, ["all levels", "WARNING and ERROR", "ERROR"].map((text, index) => h("option", { value: index }, text)));
  const list = h("ol", { class: "lines open" });
  const pause = h("button", { type: "button", class: "quiet", "aria-pressed": "false" }, "Pause");
  const count = h("span", { class: "muted" });
  let all = [];
  let held = null; // while paused: what was there then

  const draw = () => {
    const words = wanted.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    const levels = [null, ["WARNING", "ERROR"], ["ERROR"]][level.value];
    const fits = (one) => {
      const text = `${one.event} ${one.actor} ${one.symbol ?? ""} ${one.order_ref ?? ""} ${one.text}`.toLowerCase();
      return (levels === null || levels.includes(one.level)) && words.every((word) => text.includes(word));
    };
    const found = (held ?? all).filter(fits);
    const opened = new Set([...list.querySelectorAll("details[open]")].map((node) => node.dataset.key));
    list.replaceChildren(...found.slice(-MOST).reverse().map((one) => line(one, opened)));
    count.textContent = held === null ? `${found.length} of the newest ${all.length} lines` : `paused, ${all.length - held.length > 0 ? "more has come" : "nothing new"}`;
  };
  pause.addEventListener("click", () => {
    held = held === null ? all : null;
    pause.setAttribute("aria-pressed", String(held !== null));
    pause.textContent = held === null ? "Pause" : "Go on";
    draw();
  });
  wanted.addEventListener("input", draw);
  level.addEventListener("change", draw);
  document.title = "Log · Pitboss";
  live.on(["lines"], (lines) => {
    all = lines;
    draw();
  });
  return [h("h1", {}, "Log"), h("div", { class: "filters" }, wanted, level, pause, count), card(null, list)];
}

function line(one, opened) {
  const kind = one.level === "ERROR" ? "bad" : one.level === "WARNING" ? "warn" : "";
  const key = `${one.ts} ${one.event} ${one.order_ref ?? ""} ${one.text}`;
  const fields = Object.entries({ actor: one.actor, symbol: one.symbol, order_ref: one.order_ref, ...one.fields }).filter(([, value]) => value !== null);
  return h(
    "li",
    { class: kind },
    h(
      "details",
      { "data-key": key, open: opened.has(key) },
      h("summary", {}, h("time", { datetime: one.ts, title: moment(one.ts) }, time(one.ts)), h("span", { class: "event" }, one.event), h("span", { class: "what" }, one.text)),
      h("dl", {}, fields.map(([name, value]) => [h("dt", {}, name), h("dd", {}, typeof value === "string" ? value : JSON.stringify(value))])),
    ),
  );
}
