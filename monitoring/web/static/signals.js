// What was predicted, and what became of it.

import { card, h } from "/static/dom.js";
import { signalsTable } from "/static/rows.js";

export function signals({ live }) {
  const table = signalsTable();
  document.title = "Signals · Pitboss";
  live.on(["signals"], (all) => table.update([...all].reverse()));
  return [h("h1", {}, "Signals"), card("The newest 100", table.node)];
}
