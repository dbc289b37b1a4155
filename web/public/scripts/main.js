// The chat without a page load, the exit button, print and copy. Everything here works without this script too.
import { ExitThisPage, SkipLink, createAll } from "govuk-frontend";

document.body.classList.add("js-enabled", "govuk-frontend-supported");

function prepareExit() {
  const box = document.querySelector('[data-module="govuk-exit-this-page"]');
  if (!box) return;
  // The server erases first. `keepalive` lets that finish while the page is already going.
  const erase = () => fetch("/exit", { method: "POST", headers: { "X-CSRFToken": token() }, keepalive: true, credentials: "same-origin" }).catch(() => {});
  for (const link of document.querySelectorAll(".govuk-js-exit-this-page-button, .govuk-js-exit-this-page-skiplink")) {
    link.addEventListener("click", erase);
  }
  let presses = 0;
  let last = 0;
  document.addEventListener("keyup", (event) => {
    if (event.key !== "Shift") { presses = 0; return; }
    presses = event.timeStamp - last < 5000 ? presses + 1 : 1;
    last = event.timeStamp;
    if (presses === 3) erase();
  });
  createAll(ExitThisPage);
}

function token() {
  return document.querySelector('input[name="csrf_token"]')?.value ?? "";
}

function prepareChat() {
  const log = document.querySelector("[data-log]");
  const form = document.querySelector("[data-say]");
  if (!log || !form) return;
  const box = form.querySelector("textarea");
  const problem = form.querySelector("[data-problem]");
  const said = document.querySelector("[data-waiting]").dataset;
  let busy = false;
  const turnsSaid = () => log.querySelectorAll(".app-turn--you").length;

  async function send(data, from) {
    if (busy) return;
    busy = true;
    log.setAttribute("aria-busy", "true");
    problem.textContent = said.waiting;
    try {
      const response = await fetch("/chat", { method: "POST", body: data, headers: { "X-Fragment": "1" }, credentials: "same-origin" });
      if (response.redirected) { location.assign("/chat"); return; }
      const html = await response.text();
      if (response.status === 422) { problem.innerHTML = html; box.focus(); return; }
      if (!response.ok) throw new Error(String(response.status));
      problem.textContent = "";
      log.querySelector("#latest")?.removeAttribute("id");
      for (const old of log.querySelectorAll(".app-question")) old.remove();
      const before = turnsSaid();
      log.insertAdjacentHTML("beforeend", html);
      // An answer alone, with nothing said before it: the server has wiped the chat, and so does the page.
      const wiped = turnsSaid() === before;
      if (wiped) log.innerHTML = html;
      if (wiped || from === form) box.value = "";
      const turns = log.querySelectorAll(".app-turn--you");
      const mine = turns[turns.length - 1] ?? log.lastElementChild;
      mine.scrollIntoView({ block: "start", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
      // The box keeps the focus: a screen reader hears the new answer from the log.
      if (from === form) box.focus({ preventScroll: true }); else log.querySelector("#latest")?.focus({ preventScroll: true });
    } catch {
      problem.textContent = said.failed;
    } finally {
      busy = false;
      log.removeAttribute("aria-busy");
    }
  }

  document.addEventListener("submit", (event) => {
    if (event.target.getAttribute("action") !== "/chat") return;
    const choice = event.submitter?.name === "choice" ? event.submitter.value : null;
    // A new language needs a new page.
    if (choice?.startsWith("change_language")) return;
    event.preventDefault();
    const data = new FormData(event.target);
    if (choice) data.set("choice", choice);
    send(data, event.target);
  });
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing && matchMedia("(pointer: fine)").matches) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
}

function prepareSheet() {
  const print = document.querySelector("[data-print]");
  const copy = document.querySelector("[data-copy]");
  if (print) { print.hidden = false; print.addEventListener("click", () => window.print()); }
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.querySelector("[data-sheet]").innerText);
      copy.textContent = copy.dataset.copied;
    });
  }
}

createAll(SkipLink);
prepareExit();
prepareChat();
prepareSheet();
