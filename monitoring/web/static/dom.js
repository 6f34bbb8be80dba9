// Elements made of values. Text from outside only ever becomes a text node or an attribute's value.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function h(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

export function s(tag, attributes, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

// A path of this server; what comes from outside is one escaped part of it.
export function symbolPath(symbol) {
  return `/symbol/${encodeURIComponent(symbol)}`;
}

export function orderPath(identity) {
  return `/order/${encodeURIComponent(identity)}`;
}

export function link(href, text, attributes) {
  const process = new URLSearchParams(location.search).get("p");
  return h("a", { href: process === null ? href : `${href}?p=${encodeURIComponent(process)}`, ...attributes }, text);
}

// Text with code between backticks, as the runbook has it.
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}

export function card(title, ...children) {
  return h("section", { class: "card" }, title === null ? null : h("h2", {}, title), ...children);
}

// Rows that stay where they are: only what has changed is drawn anew, so that nothing jumps under a finger.
// A column: [label, row => text | node | array of them, class].
export class Table {
  constructor(columns, key, empty) {
    this.columns = columns;
    this.key = key;
    this.rows = new Map();
    this.body = h("tbody");
    const heads = columns.map(([label, , kind]) => h("th", { scope: "col", class: kind }, label));
    this.table = h("table", {}, h("thead", {}, h("tr", {}, heads)), this.body);
    this.empty = h("p", { class: "empty" }, empty);
    this.node = h("div", { class: "scroll" }, this.table, this.empty);
    this.update([]);
  }

  update(items) {
    const seen = new Set();
    let place = this.body.firstChild;
    for (const item of items) {
      const key = String(this.key(item));
      if (seen.has(key)) continue;
      seen.add(key);
      const text = JSON.stringify(item);
      let row = this.rows.get(key);
      if (row === undefined) {
        row = { node: h("tr"), text: "" };
        this.rows.set(key, row);
      }
      if (row.text !== text) {
        row.text = text;
        this.draw(row.node, item);
      }
      if (row.node !== place) this.body.insertBefore(row.node, place);
      place = row.node.nextSibling;
    }
    for (const [key, row] of this.rows) {
      if (seen.has(key)) continue;
      row.node.remove();
      this.rows.delete(key);
    }
    this.table.hidden = items.length === 0;
    this.empty.hidden = items.length > 0;
  }

  draw(node, item) {
    const focused = node.contains(document.activeElement);
    node.replaceChildren(
      ...this.columns.map(([label, cell, kind]) =>
        h("td", { class: kind, "data-label": label }, [cell(item)].flat().map((part) => part ?? "–")),
      ),
    );
    if (focused) node.querySelector("a, button")?.focus();
  }
}
