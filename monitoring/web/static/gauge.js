// Where a price stands between stop and target, in one small picture.

import { s } from "/static/dom.js";
import { number, percent, price } from "/static/format.js";

const WIDTH = 120;
const HEIGHT = 16;

export function distance(from, to) {
  const [last, level] = [number(from), number(to)];
  return last === null || level === null || last === 0 ? null : (level - last) / last;
}

export function gauge(position) {
  const last = number(position.last_price);
  const [stop, target, average] = ["stop", "target", "average_price"].map((name) => number(position[name]));
  const known = [stop, target, average, last].filter((value) => value !== null);
  if (last === null || known.length < 2) return null;
  const [low, high] = [Math.min(...known), Math.max(...known)];
  const mirrored = number(position.quantity) < 0; // the stop is always on the left
  const x = (value) => {
    const share = high === low ? 0.5 : (value - low) / (high - low);
    return 5 + (WIDTH - 10) * (mirrored ? 1 - share : share);
  };
  const tick = (value, kind) => (value === null ? null : s("line", { class: kind, x1: x(value), x2: x(value), y1: 2, y2: HEIGHT - 2 }));
  const words = `stop ${price(stop)} (${percent(distance(last, stop))}), last ${price(last)}, target ${price(target)} (${percent(distance(last, target))})`;
  return s(
    "svg",
    { class: "gauge", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": words },
    s("title", {}, words),
    s("line", { class: "track", x1: 5, x2: WIDTH - 5, y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    average === null ? null : s("line", { class: (last - average) * (mirrored ? -1 : 1) >= 0 ? "gain" : "loss", x1: x(average), x2: x(last), y1: HEIGHT / 2, y2: HEIGHT / 2 }),
    tick(stop, "stop"),
    tick(target, "target"),
    tick(average, "entry"),
    s("circle", { class: "last", cx: x(last), cy: HEIGHT / 2, r: 4 }),
  );
}
