// Live: the list asks for new events again and again, until it is switched off.

import { byId } from "./dom.js";
import { number } from "./format.js";

const POLL_MS = 2_000;
const POLL_MS_MAX = 30_000;
const WAIT_PER_WORK = 10;

const live = byId("live");
const status = byId("live-status");

let poll = null;
let timer = 0;
let isOn = false;
let isPaused = true;
let isAsking = false;
let waitMs = POLL_MS;

/** `update` takes up what is new, and tells how many events that were. */
export function prepare(update) {
  poll = update;
  live.addEventListener("click", () => (isOn ? stop() : start()));
  // Nobody looks: the collector has better things to do.
  document.addEventListener("visibilitychange", next);
}

export function pause() {
  isPaused = true;
  next();
}

export function resume() {
  isPaused = false;
  next();
}

export function stop() {
  set(false, "");
  clearTimeout(timer);
}

function start() {
  waitMs = POLL_MS;
  set(true, "New events appear automatically");
  run();
}

function set(value, said) {
  isOn = value;
  live.setAttribute("aria-checked", String(value));
  status.textContent = said;
}

function next() {
  clearTimeout(timer);
  if (isOn && !isPaused && !document.hidden) timer = setTimeout(run, waitMs);
}

async function run() {
  if (isAsking) return;
  isAsking = true;
  const asked = performance.now();
  try {
    const count = await poll();
    // Pages of large events take long: most of the time must stay for others.
    waitMs = Math.max(POLL_MS, WAIT_PER_WORK * (performance.now() - asked));
    // Only what is new is said, so that a screen reader stays quiet otherwise.
    if (isOn && count > 0) status.textContent = count === 1 ? "1 new event" : `${number(count)} new events`;
  } catch (failure) {
    if (failure.isLoggedOut) {
      stop();
      document.dispatchEvent(new CustomEvent("logged-out"));
    } else if (isOn) {
      waitMs = Math.min(2 * waitMs, POLL_MS_MAX);
      status.textContent = "The collector does not answer; retrying";
    }
  } finally {
    isAsking = false;
    next();
  }
}
