// The report of a day, made from the journal.

import { h } from "/static/dom.js";

export function report({ live, number, process }) {
  document.title = "Report · Pitboss";
  if (!process.report) {
    return [h("h1", {}, "Report of a day"), h("p", { class: "empty" }, "The journal is not known here: start pitboss web with the state folder.")];
  }
  const day = h("input", { type: "date", "aria-label": "Day", required: true });
  const apart = h("a", { target: "_blank", rel: "noopener" }, "open in a page of its own");
  const frame = h("iframe", { class: "report", title: "Report", sandbox: "" });
  const show = () => {
    if (day.value === "") return;
    const path = `/api/${number}/report/${encodeURIComponent(day.value)}`;
    frame.src = path;
    apart.href = path;
  };
  day.addEventListener("change", show);
  live.always(() => {
    if (day.value !== "" || !live.now?.last) return;
    day.value = live.now.last.slice(0, 10); // the newest day of the log
    show();
  });
  return [h("h1", {}, "Report of a day"), h("div", { class: "filters" }, day, apart), frame];
}
