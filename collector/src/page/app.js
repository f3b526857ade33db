// The page: who is logged in, and which view the address asks for.

import { logIn, logOut, who } from "./api.js";
import { button, byId, element, tell } from "./dom.js";
import { usesUtc, useUtc, writeZone } from "./format.js";
import * as completeness from "./completeness.js";
import * as event from "./event.js";
import * as accessHistory from "./history.js";
import * as keyboard from "./keyboard.js";
import * as list from "./list.js";
import * as reports from "./reports.js";

const views = { list, event, completeness, reports, history: accessHistory };
let current = null;
let address = null;

/** Shows what the address asks for. */
async function show() {
  address = location.search;
  const query = new URLSearchParams(address);
  const asked = query.get("view");
  const name = query.has("event") ? "event" : ["completeness", "reports", "history"].includes(asked) ? asked : "list";
  const isMove = current !== null && current !== name;
  if (isMove) views[current].hide();
  current = name;
  reveal(name);
  document.title = `${views[name].title} – AI Audit Layer`;
  const shown = views[name].show(query).catch(fail);
  if (isMove) arrive(name);
  await shown;
}

/** Puts the keyboard and the eye where the view begins, or where they were in it before. */
function arrive(name) {
  const before = views[name].focusTarget();
  window.scrollTo(0, 0);
  (before ?? byId(`${name}-title`)).focus({ preventScroll: true });
  before?.scrollIntoView({ block: "center" });
}

/** Goes to an address of the page. Where one already is, what is there is asked for anew. */
function go(there) {
  const isHere = new URL(there, location).search === location.search;
  if (isHere) views[current].renew();
  else history.pushState(null, "", there);
  show();
}

function reveal(name) {
  for (const view of ["login", ...Object.keys(views)]) byId(`view-${view}`).hidden = view !== name;
  byId("nav").hidden = byId("tools").hidden = name === "login";
  for (const link of byId("nav").querySelectorAll("a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

/** What a view cannot handle itself is that one is not logged in any more. */
function fail(failure) {
  if (failure.isLoggedOut) askForKey("Your session has ended. Log in again to continue.");
  else throw failure;
}

function askForKey(reason) {
  Object.values(views).forEach((view) => view.forget());
  current = null;
  reveal("login");
  document.title = "Log in – AI Audit Layer";
  tell(byId("login-reason"), ...(reason ? [reason] : []));
  byId("key").focus();
}

function welcome({ role, organization_id }) {
  byId("who").textContent = `${role}, ${organization_id === null ? "all organizations" : organization_id}`;
  byId("nav-history").hidden = !["auditor", "admin"].includes(role);
  byId("f-organization").closest(".field").hidden = organization_id !== null;
  show();
}

async function submitKey(submitted) {
  submitted.preventDefault();
  const error = byId("login-error");
  error.textContent = "";
  byId("key").removeAttribute("aria-invalid");
  try {
    const access = await logIn(byId("key").value);
    byId("key").value = "";
    welcome(access);
    byId("main").focus({ preventScroll: true });
  } catch (failure) {
    error.textContent = failure.message;
    byId("key").setAttribute("aria-invalid", "true");
    byId("key").focus();
  }
}

async function leave() {
  try {
    await logOut();
    askForKey("You are logged out.");
  } catch (failure) {
    byId("who").textContent = failure.message;
  }
}

/** Follows the links of the page without loading it again. */
function follow(clicked) {
  const link = clicked.target.closest("a[href]");
  const isPlain = clicked.button === 0 && !clicked.ctrlKey && !clicked.metaKey && !clicked.shiftKey && !clicked.altKey;
  const there = link?.getAttribute("href");
  if (!isPlain || !there || !/^(\.\/|\?)/.test(there)) return;
  clicked.preventDefault();
  go(there);
}

async function start() {
  list.prepare(go, fail);
  completeness.prepare(fail);
  reports.prepare(fail);
  accessHistory.prepare(go, fail);
  keyboard.prepare();
  byId("login").addEventListener("submit", submitKey);
  byId("log-out").addEventListener("click", leave);
  const utc = byId("utc");
  utc.setAttribute("aria-checked", String(usesUtc()));
  document.querySelectorAll("[data-zone]").forEach(writeZone);
  utc.addEventListener("click", () => {
    useUtc(!usesUtc());
    utc.setAttribute("aria-checked", String(usesUtc()));
  });
  document.addEventListener("click", follow);
  document.addEventListener("logged-out", () => askForKey("Your session has ended. Log in again to continue."));
  window.addEventListener("popstate", () => {
    // The link to the content changes what stands behind the #, and nothing else.
    if (current && location.search !== address) show();
  });
  await begin();
}

async function begin() {
  try {
    const access = await who();
    if (access) welcome(access);
    else askForKey();
  } catch (failure) {
    byId("main").append(element("div", { class: "message" }, element("p", {}, failure.message), button("Try again", () => location.reload())));
  }
}

start();
