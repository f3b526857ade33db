// The filters of the list. The address holds them, so that a view can be shared and gone back to.

import { byId, element } from "./dom.js";
import { shortText } from "./text.js";
import { meaning, RISKS, STATES } from "./words.js";

const form = byId("filters");
const fields = [...form.elements].filter((field) => field.name !== "");
const names = fields.map((field) => field.name);
const folded = [...byId("more").querySelectorAll("[name]")].map((field) => field.name);

/** Fills the choices, and calls `apply` with the address of what was chosen. */
export function prepare(apply) {
  const option = (value, label) => element("option", { value }, label);
  byId("f-risk").append(...RISKS.map((level) => option(level, level)));
  byId("f-state").append(...Object.entries(STATES).map(([state, [label]]) => option(state, label)));
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    apply(address(chosen()));
  });
}

/** The filters that an address holds, each once, always in the same order. */
export function inAddress(query) {
  const given = names.map((name) => [name, query.get(name) ?? ""]);
  return new URLSearchParams(given.filter(([, value]) => value !== ""));
}

/** The address of the list with these filters. */
export function address(filters) {
  const query = filters.toString();
  return query === "" ? "./" : `?${query}`;
}

/** Shows which filters are in use. */
export function show(filters) {
  for (const field of fields) {
    const value = filters.get(field.name) ?? "";
    field.value = value;
    // A day field cannot show a time of day, nor a choice a value of its own: the chip does, and
    // applying other filters keeps it.
    field.dataset.kept = field.value === value ? "" : value;
    field.removeAttribute("aria-invalid");
  }
  byId("filters-error").textContent = "";
  byId("more").open ||= folded.some((name) => filters.has(name));
  byId("clear").hidden = filters.size === 0;
  byId("chips").replaceChildren(...[...filters].map(([name, value]) => chip(filters, name, value)));
}

/** Says at which filter a refusal points. */
export function blame(failure) {
  const field = fields.find((one) => one.name === failure.field);
  if (!field) {
    byId("filters-error").textContent = failure.message;
    return;
  }
  byId("filters-error").textContent = failure.message.replace(`${field.name}: `, `${label(field)}: `);
  if (folded.includes(field.name)) byId("more").open = true;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", "filters-error");
  field.focus();
}

function chosen() {
  const given = fields.map((field) => [field.name, field.value.trim() || field.dataset.kept || ""]);
  return new URLSearchParams(given.filter(([, value]) => value !== ""));
}

function chip(filters, name, value) {
  const others = new URLSearchParams(filters);
  others.delete(name);
  const called = label(fields.find((field) => field.name === name));
  const shown = name === "completion_state" ? (meaning(STATES, value)?.[0] ?? value) : value;
  const remove = element("a", { href: address(others), "aria-label": `Remove the filter ${called}: ${shown}` }, "×");
  return element("li", {}, `${called}: `, shortText(shown), " ", remove);
}

function label(field) {
  return field.labels[0].textContent;
}
