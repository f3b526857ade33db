// Texts of strangers, as text. What cannot be seen, or would turn the text around, is spelt out.

import { button, element } from "./dom.js";
import { written } from "./json.js";

// Controls, marks of direction, and characters without a form of their own: with them a text can say
// one thing to a model and another to its reader. These are Unicode’s Default_Ignorable_Code_Point (UAX
// 44) and what else is blank. Joiners stay: scripts and emoji need them.
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f-\u1160\u17b4-\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;

// As a text, and as an emoji: seen in the character before, if there is one.
const FORMS = "\ufe0e\ufe0f";

/** Characters that are shown at once: a browser takes long to lay out a megabyte. */
const SHOWN_MAX = 20_000;

/** Any value of an event, as text. Not `String`, which calls what a stranger named `toString`. */
export function plain(value) {
  return typeof value === "string" ? value : written(value);
}

/** A text of several lines, of which so many characters are shown at once. */
export function longText(text, max = SHOWN_MAX) {
  const block = element("pre", { class: "text", dir: "auto", tabindex: "0" });
  const shown = Math.min(max, SHOWN_MAX);
  if (text.length <= shown) {
    block.append(...spelt(text));
    return block;
  }
  block.append(...spelt(text.slice(0, shown)));
  const rest = text.length - shown;
  const all = button(`Show all (${new Intl.NumberFormat().format(rest)} more characters)`, () => {
    block.replaceChildren(...spelt(text));
    all.remove();
    block.focus();
  });
  return element("div", {}, block, all);
}

/** A text of one line. */
export function shortText(text) {
  return element("bdi", {}, ...spelt(text));
}

/** The first words of a text, on one line. */
export function firstWords(text, max = 160) {
  const words = text.slice(0, 4 * max).replace(/\s+/gu, " ").trim();
  // Not between the two halves of a character.
  const cut = words.slice(0, max).replace(/[\ud800-\udbff]$/, "");
  return shortText(words.length > max ? `${cut}…` : words);
}

/** The parts of a text: what can be seen as it is, and names for what cannot. */
export function spelt(text) {
  const parts = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    const before = match.index > from ? text[match.index - 1] : " ";
    if (FORMS.includes(match[0]) && !FORMS.includes(before) && before.trim() !== "") continue;
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push(element("span", { class: "unseen" }, codePoint(match[0])));
    from = match.index + match[0].length;
  }
  parts.push(text.slice(from));
  return parts;
}

function codePoint(character) {
  return `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
