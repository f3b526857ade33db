// Getting about without a mouse. Keys of a single letter can be switched off, since speech input and
// some keyboards send them by accident (WCAG 2.1.4).

import { byId } from "./dom.js";

const help = byId("help");
const letters = byId("letters");

export function prepare() {
  letters.checked = localStorage.getItem("letters") !== "off";
  letters.addEventListener("change", () => localStorage.setItem("letters", letters.checked ? "on" : "off"));
  byId("help-open").addEventListener("click", () => help.showModal());
  document.addEventListener("keydown", press);
}

function press(pressed) {
  if (pressed.defaultPrevented || pressed.ctrlKey || pressed.metaKey || pressed.altKey || help.open) return;
  // Nothing of this is there before one has logged in.
  if (byId("nav").hidden) return;
  if (act(pressed.key, pressed.target)) pressed.preventDefault();
}

/** Does what the key stands for. Returns whether it stands for anything here. */
function act(key, target) {
  if (key === "Escape") return leave(target);
  if (target.closest("input, select, textarea")) return false;
  if (key === "ArrowDown" || key === "ArrowUp") return target.closest("#rows") !== null && move(key === "ArrowDown" ? 1 : -1);
  if (!letters.checked) return false;
  switch (key) {
    case "/": return search();
    case "?": help.showModal(); return true;
    case "j": return move(1);
    case "k": return move(-1);
    case "l": return isShown("view-list") && pressButton("live");
    default: return false;
  }
}

function leave(target) {
  if (isShown("view-list")) {
    if (!target.closest("#filters")) return false;
    target.blur();
    return move(0) || true;
  }
  const back = isShown("view-event") ? byId("back") : byId("nav").querySelector("[data-view=list]");
  back.click();
  return true;
}

function search() {
  if (!isShown("view-list")) byId("nav").querySelector("[data-view=list]").click();
  byId("f-text").focus();
  byId("f-text").select();
  return true;
}

/** Moves the focus in the list; into it, when it was elsewhere. */
function move(step) {
  if (!isShown("view-list")) return false;
  const links = [...byId("rows").querySelectorAll("a.open")];
  if (links.length === 0) return false;
  const row = document.activeElement?.closest("#rows tr");
  const here = row ? links.findIndex((link) => row.contains(link)) : -1;
  const there = here === -1 ? 0 : Math.min(Math.max(here + step, 0), links.length - 1);
  links[there].focus();
  links[there].closest("tr").scrollIntoView({ block: "nearest" });
  return true;
}

function pressButton(id) {
  byId(id).click();
  return true;
}

function isShown(id) {
  return !byId(id).hidden;
}
