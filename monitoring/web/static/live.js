// The picture of one process: it comes as a stream of sections, each sent again when it has changed.

const SILENT_SECONDS = 20; // a process writes to its log every five

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
    this.fresh = true;
    this.source = new EventSource(this.path);
    this.source.onmessage = (event) => this.take(JSON.parse(event.data));
    this.source.onerror = () => {
      this.broken = true;
      this.fresh = true;
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
    if (this.fresh) this.sections.lines = [];
    if (lines.length > 0 || this.fresh) {
      sections.lines = [...this.sections.lines, ...lines].slice(-1000);
    }
    this.fresh = false;
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
    if (!this.now.last) return "Waiting for the log: nothing has been written yet.";
    if (!this.now.caught_up) return `Reading the log: at ${this.now.last.slice(0, 19).replace("T", " ")} UTC.`;
    const silent = this.age(this.now.last);
    if (this.sections.process?.stopped) return "The process has stopped.";
    if (silent > SILENT_SECONDS) return "silent";
    return "";
  }
}
