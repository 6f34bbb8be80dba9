// Around every page: where we are, how the process is, what is wrong.

import { h, link, orderPath, symbolPath } from "/static/dom.js";
import { milliseconds, moment, time } from "/static/format.js";

const PAGES = [
  ["", "Overview"],
  ["orders", "Orders"],
  ["signals", "Signals"],
  ["tree", "Tree"],
  ["alarms", "Alarms"],
  ["log", "Log"],
  ["report", "Report"],
];
const THEMES = { auto: "light", light: "dark", dark: "auto" };

const at = (id) => document.getElementById(id);

export function stateOf(process) {
  return process.stopped ? "STOPPED" : process.state;
}

export function frame({ live, session, number, process, page }) {
  navigation(live, process, page);
  chooser(session, number);
  theme();
  find(live);
  at("logout").addEventListener("click", async () => {
    await fetch("/logout", { method: "POST", headers: { "X-Pitboss-CSRF": session.csrf }, redirect: "manual" });
    location.href = "/login";
  });
  at("logout").hidden = session.csrf === null;
  live.on(["process"], (now) => {
    const state = stateOf(now);
    at("state").textContent = state;
    at("state").className = `badge ${state.toLowerCase()}`;
    at("state").title = [now.reason, `since ${moment(now.since)}`].filter(Boolean).join(", ");
    const name = now.name ?? process.name;
    if (session.processes.length === 1) at("process").replaceChildren(name, now.mode === "live" ? h("b", { class: "real" }, "LIVE") : "");
    document.title = document.title.startsWith("Pitboss") ? `${name} · Pitboss` : document.title;
    linked(now);
  });
  live.always(() => {
    const text = live.trouble();
    if (at("banner").textContent !== text) at("banner").textContent = text;
    at("banner").hidden = text === "";
    at("clock").textContent = live.now?.last ? `${time(live.now.last)} UTC` : "";
  });
}

function linked(now) {
  const broker = now.broker;
  const connected = broker?.connected === true && !now.stopped;
  const words = connected ? `${broker.account || "connected"} · ${milliseconds(now.round_trip_seconds)}` : "no broker";
  at("link").className = `link ${connected ? "on" : "off"}`;
  at("link").textContent = words;
  at("link").title = connected ? `connection ${broker.epoch}, last answer ${moment(broker.last_round_trip)}` : "no connection to TWS or IB Gateway";
}

function navigation(live, process, page) {
  const count = h("span", { class: "count", hidden: true });
  at("nav").replaceChildren(
    ...PAGES.map(([name, label]) => {
      const made = link(`/${name}`, label, { "aria-current": name === page ? "page" : null });
      if (name === "alarms") made.append(count);
      return made;
    }),
  );
  at("nav").querySelector("[aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // on a phone
  live.on(["alarms"], (alarms) => {
    count.textContent = alarms.length;
    count.hidden = alarms.length === 0;
  });
}

function chooser(session, number) {
  if (session.processes.length < 2) return;
  const select = h("select", { "aria-label": "Process" }, session.processes.map((one, index) => h("option", { value: index, selected: index === number }, one.name)));
  select.addEventListener("change", () => (location.search = `?p=${select.value}`));
  at("process").replaceChildren(select);
}

function theme() {
  const root = document.documentElement;
  const show = () => {
    at("theme").textContent = `Theme: ${root.dataset.theme ?? "auto"}`;
  };
  at("theme").addEventListener("click", () => {
    const next = THEMES[root.dataset.theme ?? "auto"];
    if (next === "auto") delete root.dataset.theme;
    else root.dataset.theme = next;
    localStorage.setItem("pitboss-theme", next);
    show();
  });
  show();
}

function find(live) {
  at("find").addEventListener("submit", (event) => {
    event.preventDefault();
    const what = new FormData(event.target).get("what").trim();
    if (what === "") return;
    const { positions = [], signals = [], orders = [], done_orders: done = [] } = live.sections;
    const symbols = new Set([...positions, ...signals, ...orders, ...done].map((one) => one.symbol));
    const path = symbols.has(what.toUpperCase()) ? symbolPath(what.toUpperCase()) : orderPath(what);
    location.href = link(path, "").href;
  });
}
