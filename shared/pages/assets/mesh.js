// What the pages do by themselves: refresh what is alive, lock when nobody is there, leave at once.
// Every page works without this file.
"use strict";

(() => {
  const EXIT = "/exit";
  const LOCKED = "/locked";
  const REFRESH_MS = 20000;
  const ESCAPES_MS = 1000;
  const policy = window.trustedTypes
    ? window.trustedTypes.createPolicy("mesh", { createHTML: (text) => text })
    : { createHTML: (text) => text };

  // Leave: the page is emptied first, then replaced, so that "back" does not bring it again.
  const leave = () => {
    document.title = "";
    document.body.replaceChildren();
    window.location.replace(EXIT);
  };
  document.querySelectorAll("[data-exit]").forEach((link) => {
    link.addEventListener("click", (event) => { event.preventDefault(); leave(); });
  });
  let escaped = 0;
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") { escaped = 0; return; }
    const now = Date.now();
    if (escaped && now - escaped < ESCAPES_MS) leave();
    escaped = now;
  });

  // Lock: the service locks a session by itself; this only hides the page at the same moment.
  const idle = Number(document.body.dataset.signedIn || 0) * 1000;
  if (idle) {
    let last = Date.now();
    const here = () => { last = Date.now(); };
    ["pointerdown", "keydown", "scroll", "touchstart"].forEach((name) => {
      document.addEventListener(name, here, { passive: true });
    });
    window.setInterval(() => {
      if (Date.now() - last < idle) return;
      document.body.replaceChildren();
      window.location.replace(LOCKED + "?next=" + encodeURIComponent(location.pathname + location.search));
    }, 1000);
  }
  // A page that "back" brings from memory is asked for again.
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });

  // Print: only where the page has a button for it.
  document.querySelectorAll("[data-print]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  });

  // Refresh: what is marked `data-live` is replaced when it changed and nobody is in it.
  const live = () => document.querySelectorAll("[data-live][id]");
  if (live().length === 0) return;
  let tag = "";
  const refresh = async () => {
    if (document.hidden) return;
    const headers = { "X-Refresh": "1" };
    if (tag) headers["If-None-Match"] = tag;
    let answer;
    try {
      answer = await fetch(location.href, { headers, cache: "no-store", credentials: "same-origin" });
    } catch { return; }
    if (answer.status === 401) { window.location.replace(LOCKED + "?next=" + encodeURIComponent(location.pathname + location.search)); return; }
    if (answer.status !== 200) return;
    tag = answer.headers.get("ETag") || "";
    const fresh = new DOMParser().parseFromString(policy.createHTML(await answer.text()), "text/html");
    live().forEach((old) => {
      const found = fresh.getElementById(old.id);
      if (found && !old.contains(document.activeElement) && found.outerHTML !== old.outerHTML) {
        old.replaceWith(document.importNode(found, true));
      }
    });
  };
  window.setInterval(refresh, REFRESH_MS);
})();
