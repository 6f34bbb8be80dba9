// The picture of one process: it comes as a stream of sections, each sent again when it has changed.

import { duration, moment } from "/static/format.js";

const MOST_LINES = 1000;

export class Live {
  constructor(process, symbol) {
    this.path = `/api/${process}/stream${symbol === null ? "" : `?symbol=${encodeURIComponent(symbol)}`}`;
    this.sections = { lines: [] };
    this.now = null;
    this.heard = 0; // performance.now() of the newest event
    this.ahead = 0; // how far the server's clock is ahead of ours, ms
    this.broken = false;
    this.listeners = [];
    this.watchers = [];
    this.source = null;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.close() : this.open()));
    // a page that is kept for "back" must not keep its stream: a browser has six for all pages of a server
    addEventListener("pagehide", () => this.close());
    addEventListener("pageshow", (event) => event.persisted && this.open());
    setInterval(() => this.look(), 1000);
  }

  // Call `draw` with these sections' values whenever one of them has changed.
  on(names, draw) {
    this.listeners.push({ names, draw });
  }

  // Call `draw` every second, and when something came: for ages.
  always(draw) {
    this.watchers.push(draw);
  }

  open() {
    if (this.source !== null) return;
    this.source = new EventSource(this.path);
    this.source.onmessage = (event) => this.take(JSON.parse(event.data));
    this.source.onerror = () => {
      this.broken = true;
        this.look();
      // the server refuses us: the session is over, or it was started anew with another token
      if (this.source?.readyState === EventSource.CLOSED) {
        this.close();
        fetch("/api/session").then(
          (answer) => (answer.status === 401 ? location.reload() : setTimeout(() => this.open(), 5000)),
          () => setTimeout(() => this.open(), 5000),
        );
      }
    };
  }

  close() {
    this.source?.close();
    this.source = null;
  }

  take(message) {
    const { now, lines, ...sections } = message;
    this.now = now;
    this.heard = performance.now();
    this.ahead = Date.parse(now.clock) - Date.now();
    this.broken = false;
    if (lines.all || lines.new.length > 0) {
      sections.lines = [...(lines.all ? [] : this.sections.lines), ...lines.new].slice(-MOST_LINES);
    }
    if (sections.symbol?.more) sections.symbol.points = [...this.sections.symbol.points, ...sections.symbol.points];
    Object.assign(this.sections, sections);
    for (const { names, draw } of this.listeners) {
      if (names.some((name) => name in sections) && names.every((name) => name in this.sections)) {
        draw(...names.map((name) => this.sections[name]));
      }
    }
    this.look();
  }

  look() {
    for (const draw of this.watchers) draw(this);
  }

  // Seconds since a moment of the server's; null where there is none.
  age(ts) {
    const then = Date.parse(ts);
    return Number.isNaN(then) ? null : Math.max(0, (Date.now() + this.ahead - then) / 1000);
  }

  // What is wrong with what is shown, in words; empty where nothing is.
  trouble() {
    if (this.broken || (this.heard > 0 && performance.now() - this.heard > 12000 && !document.hidden)) {
      return "No connection to pitboss web: what is shown is old.";
    }
    if (this.now === null) return "";
    if (this.now.problem) return `The log cannot be read: ${this.now.problem}.`;
    const silent = duration(this.now.seconds + (performance.now() - this.heard) / 1000);
    switch (this.now.condition) {
      case "empty":
        return "Waiting for the log: nothing has been written yet.";
      case "reading":
        return "Reading the log…";
      case "stopped":
        return `The process has stopped, at ${moment(this.now.last)}.`;
      case "ended":
        return "The stream of the log has ended: what is shown is as it was then.";
      case "silent":
        return `The log has been silent for ${silent}: the process has died, hangs or cannot write. What is shown is as it was then.`;
      case "quiet":
        return `Nothing was logged for ${silent}.`;
      default:
        return this.now.progress === null ? "" : `Reading the whole day: ${Math.floor(this.now.progress * 100)} %.`;
    }
  }
}
