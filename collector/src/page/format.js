// Times and numbers as the browser's language writes them. The time in UTC is never far.

import { element } from "./dom.js";
import { plain } from "./text.js";

const numbers = new Intl.NumberFormat();
const milliseconds = new Intl.NumberFormat(undefined, { style: "unit", unit: "millisecond" });

const SHORT = { dateStyle: "medium", timeStyle: "medium" };
const LONG = {
  year: "numeric", month: "long", day: "numeric",
  hour: "numeric", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3, timeZoneName: "short",
};

let isUtc = localStorage.getItem("utc") === "true";

/** A number; what is none is shown as it is, for events may have anything in its place. */
export function number(value) {
  return typeof value === "number" ? numbers.format(value) : plain(value);
}

/** As `number`, of milliseconds. */
export function duration(value) {
  return typeof value === "number" ? milliseconds.format(value) : plain(value);
}

/** A time; on a second line or in a tooltip stands the same in UTC, or in local time. */
export function time(text, { isLong = false } = {}) {
  const node = element("time", { datetime: text, "data-form": isLong ? "long" : "short" });
  write(node);
  return node;
}

export function usesUtc() {
  return isUtc;
}

/** Writes every time on the page anew, in UTC or in local time. */
export function useUtc(value) {
  isUtc = value;
  localStorage.setItem("utc", String(value));
  document.querySelectorAll("time").forEach(write);
  document.querySelectorAll("[data-zone]").forEach(writeZone);
}

/** Writes into a heading which times stand below it. */
export function writeZone(node) {
  node.textContent = isUtc ? "(UTC)" : "(local)";
}

function write(node) {
  const text = node.getAttribute("datetime");
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) {
    node.textContent = text;
    return;
  }
  const form = node.dataset.form === "long" ? LONG : SHORT;
  const written = (timeZone) => new Intl.DateTimeFormat(undefined, { ...form, timeZone }).format(date);
  node.textContent = written(isUtc ? "UTC" : undefined);
  node.title = isUtc ? `${written(undefined)} local time` : `${written("UTC")} UTC`;
}
