// Numbers and times for people. Money and quantities come as text, so that nothing is lost before this.

import { h } from "/static/dom.js";

const MONEY = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const ROUND = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const PLAIN = new Intl.NumberFormat("en-US", { maximumFractionDigits: 8 });
const PRICE = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 6 });

const NOTHING = "–";

export function number(value) {
  if (value === null || value === undefined || value === "") return null;
  const made = Number(value);
  return Number.isFinite(made) ? made : null;
}

const by = (format) => (value) => {
  const made = number(value);
  return made === null ? NOTHING : format.format(made).replace("-", "−");
};

export const money = by(MONEY);
export const round = by(ROUND);
export const quantity = by(PLAIN);
export const price = by(PRICE);

// With its sign, and coloured by it.
export function gain(value, format = money) {
  const made = number(value);
  if (made === null) return h("span", { class: "muted" }, NOTHING);
  const kind = made > 0 ? "up" : made < 0 ? "down" : "muted";
  return h("span", { class: kind }, (made > 0 ? "+" : "") + format(made));
}

export function percent(share) {
  if (share === null || !Number.isFinite(share)) return NOTHING;
  return `${(share * 100).toFixed(Math.abs(share) < 0.1 ? 2 : 1).replace("-", "−")} %`;
}

// Profit after commission; null where a part of it is not known.
export function net(realized, unrealized, commission) {
  const parts = [number(realized), number(unrealized), number(commission)];
  return parts.includes(null) ? null : parts[0] + parts[1] - parts[2];
}

export function time(ts) {
  return typeof ts === "string" && ts.length >= 19 ? ts.slice(11, 19) : NOTHING;
}

export function moment(ts) {
  return typeof ts === "string" && ts.length >= 19 ? `${ts.slice(0, 10)} ${ts.slice(11, 19)} UTC` : NOTHING;
}

export function duration(seconds) {
  if (seconds === null || !Number.isFinite(seconds)) return NOTHING;
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 90) return `${whole} s`;
  if (whole < 5400) return `${Math.round(whole / 60)} min`;
  if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
  return `${Math.round(whole / 86400)} days`;
}

export function milliseconds(seconds) {
  const made = number(seconds);
  return made === null ? NOTHING : `${(made * 1000).toFixed(made < 0.01 ? 2 : 0)} ms`;
}
