// The desk's lock, and what the walk-in adds. Every page works without this script too.
import { SkipLink, createAll } from "govuk-frontend";
import "./walk_in.js";

document.body.classList.add("js-enabled", "govuk-frontend-supported");

// Locks when nobody touches keyboard, mouse or screen. The server counts for itself; while someone types it is told.
function prepareLock() {
  const { idle, locked, stillHere, token } = document.body.dataset;
  if (!idle) return;
  const limit = Number(idle) * 1000;
  let touched = Date.now();
  let told = touched;
  // Two pages of one desk, such as the turned screen, keep each other open.
  const pages = new BroadcastChannel("desk");
  pages.addEventListener("message", () => { touched = Date.now(); });
  const here = () => {
    touched = Date.now();
    pages.postMessage("");
    if (touched - told < 60_000) return;
    told = touched;
    fetch(stillHere, { method: "POST", headers: { "X-CSRFToken": token }, credentials: "same-origin" })
      .then((response) => { if (response.redirected) location.replace(response.url); })
      .catch(() => {});
  };
  for (const kind of ["keydown", "pointerdown", "input", "scroll"]) document.addEventListener(kind, here, { passive: true, capture: true });
  setInterval(() => { if (Date.now() - touched >= limit) location.replace(locked); }, 1000);
  // A page from the browser's memory of pages is asked for anew: it may be of a walk-in that is over.
  addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
}

createAll(SkipLink);
prepareLock();
