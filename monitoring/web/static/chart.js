// Price, stop and target over time, and what filled.

import { h, s } from "/static/dom.js";
import { number, price, quantity, time } from "/static/format.js";

const HEIGHT = 340;
const MARGIN = { top: 14, right: 74, bottom: 26, left: 10 };
const RANGES = [["15 min", 900e3], ["1 h", 3600e3], ["4 h", 4 * 3600e3], ["All", Infinity]];
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400].map((seconds) => seconds * 1000);
const SERIES = [["price", 1], ["stop", 2], ["target", 3]];

// When each position began: its first fill.
function begins(fills) {
  const seen = new Map();
  for (const fill of fills) if (fill.position_id && !seen.has(fill.position_id)) seen.set(fill.position_id, fill.at);
  return [...seen.values()];
}

export class Chart {
  constructor() {
    this.range = Infinity;
    this.points = [];
    this.fills = [];
    this.breaks = [];
    this.buttons = RANGES.map(([label, range]) => h("button", { type: "button", class: "quiet", "aria-pressed": String(range === this.range), onclick: () => this.choose(range) }, label));
    this.read = h("p", { class: "readout", "aria-live": "off" });
    this.drawing = h("div", { class: "drawing" });
    this.node = h("div", { class: "chart" }, h("div", { class: "chart-head" }, this.read, h("div", { class: "ranges", role: "group", "aria-label": "Range" }, this.buttons)), this.drawing);
    new ResizeObserver(() => this.draw()).observe(this.drawing);
    this.drawing.addEventListener("pointermove", (event) => this.point(event));
    this.drawing.addEventListener("pointerdown", (event) => this.point(event));
    this.drawing.addEventListener("pointerleave", () => this.point(null));
  }

  choose(range) {
    this.range = range;
    this.buttons.forEach((button, index) => button.setAttribute("aria-pressed", String(RANGES[index][1] === range)));
    this.draw();
  }

  update({ points, fills }) {
    const marks = points.map(([ts, ...values]) => [Date.parse(ts), ...values.map(number)]).filter(([at]) => !Number.isNaN(at));
    this.fills = fills.map((fill) => ({ ...fill, at: Date.parse(fill.ts), level: number(fill.price) })).filter((fill) => !Number.isNaN(fill.at) && fill.level !== null);
    // a fill is a price too: the line begins and ends with it
    this.points = [...marks, ...this.fills.map((fill) => [fill.at, fill.level, null, null])].sort(([a], [b]) => a - b);
    this.breaks = begins(this.fills);
    this.draw();
  }

  draw() {
    const width = Math.max(280, this.drawing.clientWidth);
    const ends = this.points.map(([at]) => at);
    if (ends.length === 0) {
      this.drawing.replaceChildren(h("p", { class: "empty" }, "No price yet: the log tells the price of what is held, every few seconds."));
      this.read.textContent = "";
      return;
    }
    const last = ends.reduce((a, b) => Math.max(a, b));
    const first = Math.max(ends.reduce((a, b) => Math.min(a, b)), last - this.range);
    const points = this.points.filter(([at]) => at >= first);
    const fills = this.fills.filter((fill) => fill.at >= first);
    const levels = points.flatMap(([, ...values]) => values).filter((value) => value !== null);
    if (levels.length === 0) return;
    let [low, high] = [levels.reduce((a, b) => Math.min(a, b)), levels.reduce((a, b) => Math.max(a, b))];
    const pad = (high - low) * 0.08 || Math.abs(high) * 0.001 || 1;
    [low, high] = [low - pad, high + pad];
    const span = Math.max(last - first, 1000);
    const inner = width - MARGIN.left - MARGIN.right;
    const tall = HEIGHT - MARGIN.top - MARGIN.bottom;
    this.x = (at) => MARGIN.left + ((at - first) / span) * inner;
    this.y = (value) => MARGIN.top + (1 - (value - low) / (high - low)) * tall;
    this.shown = points;
    const labels = this.labels(points);
    this.cross = s("line", { class: "cross", y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, x1: -9, x2: -9 });
    this.drawing.replaceChildren(
      s(
        "svg",
        { viewBox: `0 0 ${width} ${HEIGHT}`, width, height: HEIGHT, role: "img", "aria-label": "price, stop and target over time, with fills" },
        this.grid(low, high, width, labels),
        this.hours(first, span, inner),
        SERIES.toReversed().map(([name, index]) => s("path", { class: `series ${name}`, d: this.path(points, index, name !== "price") })),
        this.ends(labels, width),
        fills.map((fill) => this.fill(fill)),
        this.cross,
      ),
    );
    this.point(null);
  }

  // Between two positions the line is broken.
  path(points, index, stepped) {
    let text = "";
    let before = null;
    for (const point of points) {
      const [at, value] = [point[0], point[index]];
      if (value === null) continue;
      const [x, y] = [this.x(at).toFixed(1), this.y(value).toFixed(1)];
      if (before === null || this.breaks.some((begin) => before < begin && begin <= at)) text += `M${x} ${y}`;
      else text += stepped ? `H${x}V${y}` : `L${x} ${y}`;
      before = at;
    }
    return text;
  }

  grid(low, high, width, labels) {
    const rough = (high - low) / 5;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
    const made = [];
    for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
      const y = this.y(value);
      made.push(s("line", { class: "grid", x1: MARGIN.left, x2: width - MARGIN.right, y1: y, y2: y }));
      if (labels.some((label) => Math.abs(label.y - y) < 15)) continue;
      made.push(s("text", { class: "axis", x: width - MARGIN.right + 6, y: y + 4 }, price(value.toFixed(Math.max(2, -Math.floor(Math.log10(step)))))));
    }
    return made;
  }

  hours(first, span, inner) {
    const step = STEPS.find((size) => (inner * size) / span >= 90) ?? STEPS[STEPS.length - 1];
    const made = [];
    for (let at = Math.ceil(first / step) * step; at <= first + span; at += step) {
      const label = new Date(at).toISOString().slice(11, step < 60e3 ? 19 : 16);
      made.push(s("text", { class: "axis middle", x: this.x(at), y: HEIGHT - 8 }, label));
    }
    return made;
  }

  // Each line says at its end what it is; where two would lie on each other one moves away.
  labels(points) {
    const point = points.findLast(([at, , ...levels]) => levels.some((level) => level !== null)) ?? points[points.length - 1];
    if (point === undefined) return [];
    const labels = SERIES.filter(([, index]) => point[index] !== null).map(([name, index]) => ({ name, text: price(point[index]), y: this.y(point[index]) }));
    labels.sort((a, b) => a.y - b.y);
    for (let i = 1; i < labels.length; i += 1) labels[i].y = Math.max(labels[i].y, labels[i - 1].y + 17);
    return labels;
  }

  ends(labels, width) {
    return labels.map(({ name, text, y }) => [
      s("rect", { class: `tag ${name}`, x: width - MARGIN.right + 2, y: y - 8, width: MARGIN.right - 4, height: 16, rx: 3 }),
      s("text", { class: "tag-text", x: width - MARGIN.right + 6, y: y + 4 }, text, s("title", {}, name)),
    ]);
  }

  fill(fill) {
    const [x, y] = [this.x(fill.at), this.y(fill.level)];
    const buy = fill.side === "BUY";
    const shape = buy ? `M${x} ${y + 3}l6 11h-12z` : `M${x} ${y - 3}l6 -11h-12z`;
    const words = `${fill.side} ${quantity(fill.quantity)} at ${price(fill.price)}, ${fill.role ?? "foreign"}, ${time(fill.ts)} UTC`;
    return s("path", { class: `fill ${buy ? "buy" : "sell"}`, d: shape }, s("title", {}, words));
  }

  point(event) {
    if (!this.shown?.length) return;
    let chosen = this.shown[this.shown.length - 1];
    if (event !== null) {
      const x = event.clientX - this.drawing.getBoundingClientRect().left;
      chosen = this.shown.reduce((best, one) => (Math.abs(this.x(one[0]) - x) < Math.abs(this.x(best[0]) - x) ? one : best));
    }
    const at = event === null ? -9 : this.x(chosen[0]);
    this.cross.setAttribute("x1", at);
    this.cross.setAttribute("x2", at);
    this.read.replaceChildren(
      `${new Date(chosen[0]).toISOString().slice(11, 19)} UTC`,
      ...SERIES.map(([name, index]) => h("span", { class: `key ${name}` }, `${name} ${price(chosen[index])}`)),
    );
  }
}
