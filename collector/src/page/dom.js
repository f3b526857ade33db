// Building the page. Everything that is shown becomes a text node: nothing here reads HTML.

/** How long it is told that something was done. */
const TOLD_MS = 5_000;

/** An element with attributes and children; a child is a node or a text, and nothing if it is null. */
export function element(name, attributes = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(key, "");
    else if (value !== false && value != null) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child != null));
  return node;
}

export function byId(id) {
  return document.getElementById(id);
}

/** Shows a message in `place`, or hides it when there is none. */
export function tell(place, ...children) {
  place.hidden = children.length === 0;
  place.replaceChildren(...children);
}

/** A button that does something. */
export function button(label, act) {
  const node = element("button", { type: "button" }, label);
  node.addEventListener("click", act);
  return node;
}

/** A button that copies a text, and says so. */
export function copyButton(label, what, text) {
  const told = element("span", { role: "status" });
  const copy = button(label, async () => {
    try {
      // Only there where the page is trusted: https, or this machine.
      await navigator.clipboard.writeText(text());
      told.textContent = "Copied";
    } catch {
      told.textContent = "Your browser blocked copying: select the text and copy it";
    }
    setTimeout(() => { told.textContent = ""; }, TOLD_MS);
  });
  copy.setAttribute("aria-label", `${label}: ${what}`);
  return element("span", { class: "copy" }, told, copy);
}
