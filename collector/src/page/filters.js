// The filters of the list. The address holds them, so that a view can be shared and gone back to.

import { ask } from "./api.js";
import { byId, element } from "./dom.js";
import { number } from "./format.js";
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
  fields.filter((field) => SUGGESTED.includes(field.name)).forEach(suggest);
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

/** Members of which the values that there are can be chosen. */
const SUGGESTED = ["user_id", "model_name", "model_provider", "decision_type", "decision_outcome", "compliance_tag", "organization_id"];

/** Offers the values of the period when one comes to the field. */
function suggest(field) {
  const list = element("datalist", { id: `${field.id}-values` });
  field.after(list);
  field.setAttribute("list", list.id);
  let asked = null;
  field.addEventListener("focus", async () => {
    const days = fields.filter((one) => ["start_date", "end_date"].includes(one.name) && one.value !== "");
    const query = new URLSearchParams([["field", field.name], ["limit", "100"], ...days.map((one) => [one.name, one.value])]);
    if (asked === query.toString()) return;
    asked = query.toString();
    try {
      const { data } = await ask(`v1/audit/values?${query}`);
      list.replaceChildren(...data[field.name].map(({ value, events }) => element("option", { value, label: `${value} (${number(events)})` })));
    } catch {
      // What is typed counts in any case. It is tried again when one comes back.
      asked = null;
    }
  });
}

/** What comes near filters that find nothing, as the API says it. */
export function near(asked, found) {
  if (!found) return [];
  if (found.counted_events === 0) return [element("p", {}, "There are no events in this period.")];
  const link = (parameters, ...shown) => {
    const query = new URLSearchParams(asked);
    for (const [name, value] of parameters) value === null ? query.delete(name) : query.set(name, value);
    return element("a", { href: address(query) }, ...shown);
  };
  const name = (parameter) => {
    const field = fields.find((one) => one.name === parameter);
    return field ? label(field) : parameter;
  };
  const items = found.filters.map(({ parameter, value, events, near: values, elsewhere }) => {
    const called = [`${name(parameter)}: `, shortText(value)];
    if (events > 0) return element("li", {}, ...called, " – alone matches ", link(others(asked, parameter), `${number(events)} events`));
    const likes = values.flatMap((like) => [" ", link([[parameter, like.value]], shortText(like.value), ` (${number(like.events)})`)]);
    const places = elsewhere.flatMap((place) => [" ", link([[parameter, null], [place.parameter, value]], `${name(place.parameter)} (${number(place.events)})`)]);
    const nothing = likes.length + places.length === 0 ? [" no similar values"] : [];
    return element("li", {}, ...called, " – no match; similar:", ...likes, ...places, ...nothing);
  });
  const words = found.words.map(({ text, is_found: isFound }) => {
    const called = [`${name("text")}: `, shortText(text)];
    if (!isFound) return element("li", {}, ...called, " – no match in this period");
    const alone = [...others(asked, "text"), ["text", text.includes(" ") ? `"${text}"` : text]];
    return element("li", {}, ...called, " – alone matches ", link(alone, "some events"));
  });
  const searched = words.length === 0 ? [] : [element("p", {}, "In all events of this period:"), element("ul", { class: "near" }, ...words)];
  const scope = found.is_all ? "all events of this period" : `the newest ${number(found.counted_events)} events of this period`;
  const listed = items.length === 0 ? [] : [element("p", {}, `In ${scope}:`), element("ul", { class: "near" }, ...items)];
  return [...listed, ...searched];
}

/** All filters but the days and this one, taken away. */
function others(asked, kept) {
  const gone = [...asked.keys()].filter((name) => name !== kept && name !== "start_date" && name !== "end_date");
  return gone.map((name) => [name, null]);
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
