// Reports: asking for one, seeing how far it is, and opening those that there are.

import { ask, order } from "./api.js";
import { button, byId, element, tell } from "./dom.js";
import { said } from "./facts.js";
import { number, time, writeZone } from "./format.js";

/** How often it is asked how far the reports are, as long as one is being made. */
const POLL_MS = 1_000;

const TYPES = { decision_audit: "One event", activity: "Activity", completeness: "Completeness" };

const form = byId("report");
const error = byId("report-error");
const status = byId("report-status");
const message = byId("reports-message");
const place = byId("reports");
const more = byId("more-reports");

let loading = new AbortController();
let timer = null;
let fail = null;

export const title = "Reports";

export function prepare(failed) {
  fail = failed;
  form.elements.report_type.addEventListener("change", offer);
  form.addEventListener("submit", submit);
  more.addEventListener("click", () => addPage().catch(fail));
}

export async function show(query) {
  const about = query.get("about");
  if (about) {
    form.elements.report_type.value = "decision_audit";
    form.elements.audit_log_id.value = about;
  }
  offer();
  error.textContent = "";
  await load();
}

export function hide() {
  forget();
}

export function renew() {}

export function forget() {
  loading.abort();
  clearTimeout(timer);
  place.replaceChildren();
  status.textContent = "";
}

/** One reads it from its beginning. */
export function focusTarget() {
  return null;
}

/** Shows the fields that the chosen type has. */
function offer() {
  const type = form.elements.report_type.value;
  for (const field of form.querySelectorAll("[data-of]")) {
    const isOffered = field.dataset.of.split(" ").includes(type);
    field.hidden = !isOffered;
    const input = field.querySelector("input");
    input.disabled = !isOffered;
    input.required = field.dataset.needed === type || field.dataset.of === type;
  }
}

async function submit(submitted) {
  submitted.preventDefault();
  error.textContent = "";
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  const given = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== "");
  try {
    await order(Object.fromEntries(given));
    status.textContent = "Creating the report…";
    await load();
  } catch (failure) {
    if (failure.isLoggedOut) return fail(failure);
    blame(failure);
  }
}

function blame(failure) {
  const field = failure.field ? form.elements[failure.field] : failure.status === 404 ? form.elements.audit_log_id : null;
  error.textContent = field ? failure.message.replace(`${failure.field}: `, `${field.labels[0].textContent}: `) : failure.message;
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

async function load() {
  loading.abort();
  clearTimeout(timer);
  loading = new AbortController();
  const { signal } = loading;
  if (!place.hasChildNodes()) tell(message, "Loading …");
  try {
    const page = await ask("v1/reports", signal);
    // While one is being made the list is written anew: whoever is in it stays where they are.
    const focused = document.activeElement?.dataset?.report;
    tell(message, ...(page.data.length === 0 ? ["There are no reports yet. Reports are kept for 30 days."] : []));
    place.replaceChildren(...(page.data.length === 0 ? [] : [table(page.data)]));
    showMore(page);
    if (focused) place.querySelector(`[data-report="${focused}"]`)?.focus({ preventScroll: true });
    watch(page.data);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    if (failure.isLoggedOut) throw failure;
    tell(message, element("p", {}, failure.message), button("Try again", () => load().catch(fail)));
  }
}

/** Comes back as long as a report is being made, and tells once when none is any more. */
function watch(reports) {
  if (reports.some((report) => report.status === "running")) {
    timer = setTimeout(() => load().catch(fail), POLL_MS);
  } else if (status.textContent !== "") {
    status.textContent = reports[0]?.status === "done" ? "The report is ready." : "The report could not be created.";
  }
}

async function addPage() {
  more.disabled = true;
  try {
    const page = await ask(`v1/reports?cursor=${encodeURIComponent(more.dataset.cursor)}`, loading.signal);
    place.querySelector("tbody").append(...page.data.map(row));
    showMore(page);
  } catch (failure) {
    if (failure.isLoggedOut) throw failure;
    if (failure.name !== "AbortError") tell(message, failure.message);
  } finally {
    more.disabled = false;
  }
}

function showMore(page) {
  more.hidden = page.next_cursor === null;
  more.dataset.cursor = page.next_cursor ?? "";
}

function table(reports) {
  const zone = element("span", { class: "zone", "data-zone": true });
  writeZone(zone);
  const head = ["Requested", "Report", "Subject", "Format", "State"].map((label) =>
    element("th", { role: "columnheader", scope: "col" }, label, label === "Requested" ? element("span", {}, " ", zone) : null));
  return element("table", { class: "writers reports", role: "table", "aria-label": "Reports, newest first" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
    element("tbody", { role: "rowgroup" }, ...reports.map(row)));
}

function row(report) {
  const cell = (label, ...content) => element("td", { role: "cell" },
    element("span", { class: "label", "aria-hidden": "true" }, label), element("span", { class: "value" }, ...content));
  return element("tr", { role: "row" },
    element("th", { role: "rowheader", scope: "row" }, time(report.created_at)),
    cell("Report", TYPES[report.report_type] ?? said(report.report_type)),
    cell("Subject", ...subject(report)),
    cell("Format", said(report.format.toUpperCase())),
    cell("State", ...state(report)));
}

/** What was asked for, in the words of the API where there are no others. */
function subject({ query }) {
  const { report_type: _, format: __, audit_log_id: id, start_date: start, end_date: end, ...filters } = query ?? {};
  const parts = [];
  if (id) parts.push(said(id));
  if (start || end) parts.push(said(`${start ?? "the beginning"} to ${end ?? "now"}`));
  for (const [name, value] of Object.entries(filters)) parts.push(said(`${name} = ${value}`));
  if (parts.length === 0) parts.push(document.createTextNode("everything"));
  return parts.flatMap((part, place) => (place === 0 ? [part] : [", ", part]));
}

function state(report) {
  if (report.status === "running") {
    const { events_read: read } = report.progress;
    return [element("span", { class: "badge state-open" }, "in progress"), read > 0 ? ` ${number(read)} events read` : ""];
  }
  if (report.status === "failed") {
    return [element("span", { class: "badge state-bad" }, "failed"), " ", said(report.error?.message ?? "")];
  }
  const label = `Open the report ${TYPES[report.report_type] ?? ""} as ${report.format.toUpperCase()}`;
  const link = element("a", { href: `v1/reports/${encodeURIComponent(report.id)}`, target: "_blank", rel: "noopener", "aria-label": label, "data-report": report.id }, "Open");
  return [link, ` ${size(report.bytes)}`];
}

function size(bytes) {
  return bytes < 1024 ? `${number(bytes)} bytes` : `${number(Math.round(bytes / 1024))} KiB`;
}
