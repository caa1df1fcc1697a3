/* Live pages: the page is fetched again while it is visible, and what has changed is put into place.

   <main data-live data-tag="…"> marks a live page; its tag is the ETag of what is shown. An answer of 304 costs the server
   one small read. An element with data-keep is left as it is; it gets the event "runner:fresh" with detail.fresh, the
   element in the new page. The document gets the same event after each change. */
(() => {
  "use strict";
  const EVERY = 1000; // milliseconds
  const SLOWEST = 10000;
  const main = () => document.getElementById("main");
  let tag = "";
  let pause = EVERY;
  let timer = 0;
  let busy = false;
  let took = 0; // milliseconds of the last answer: a slow page is asked for less often

  function note(text) {
    let line = document.getElementById("live-note");
    if (!text) {
      line?.remove();
      return;
    }
    if (!line) {
      line = document.createElement("div");
      line.id = "live-note";
      line.className = "live-note";
      line.setAttribute("role", "status");
      document.body.prepend(line);
    }
    if (line.textContent !== text) line.textContent = text;
  }

  /* True for a field in which the reader has changed something: fresh pages leave it alone. */
  function touched(element) {
    if (element instanceof HTMLInputElement) {
      const box = element.type === "checkbox" || element.type === "radio";
      return box ? element.checked !== element.defaultChecked : element.value !== element.defaultValue;
    }
    if (element instanceof HTMLTextAreaElement) return element.value !== element.defaultValue;
    if (element instanceof HTMLSelectElement) return [...element.options].some((one) => one.selected !== one.defaultSelected);
    return false;
  }

  function show(text) {
    const parsed = new DOMParser().parseFromString(text, "text/html");
    const fresh = parsed.getElementById("main");
    if (!fresh) return;
    const kept = [];
    Idiomorph.morph(main(), fresh, {
      ignoreActiveValue: true,
      callbacks: {
        beforeNodeMorphed(old, next) {
          if (!(old instanceof Element)) return true;
          if (old.hasAttribute("data-keep")) {
            kept.push([old, next.cloneNode(true)]);
            return false;
          }
          if (old instanceof HTMLInputElement && old.type === "hidden" && old.name === "key") return false; // sent twice, it acts once
          return !touched(old);
        },
        beforeAttributeUpdated(name, element) {
          return !(name === "open" && element instanceof HTMLDetailsElement) && name !== "data-sent";
        },
      },
    });
    if (parsed.title && parsed.title !== document.title) document.title = parsed.title;
    for (const [element, next] of kept) element.dispatchEvent(new CustomEvent("runner:fresh", { detail: { fresh: next } }));
    document.dispatchEvent(new CustomEvent("runner:fresh", { detail: {} }));
  }

  async function look() {
    if (busy || document.hidden || !main()?.hasAttribute("data-live")) return;
    busy = true;
    const began = performance.now();
    try {
      const headers = { "X-Runner-Live": "1" };
      if (tag) headers["If-None-Match"] = tag;
      const answer = await fetch(location.href, { headers, cache: "no-store", redirect: "error", credentials: "same-origin" });
      if (answer.status === 401) {
        location.reload(); // the session has ended: the server leads to the login
        return;
      }
      if (answer.status === 200 && main().hasAttribute("data-away")) {
        location.reload(); // the page of an error becomes the page that was asked for
        return;
      }
      if (answer.status === 200) {
        tag = answer.headers.get("ETag") || "";
        show(await answer.text());
      }
      if (answer.status === 200 || answer.status === 304) {
        pause = EVERY;
        note("");
      } else {
        pause = Math.min(2 * pause, SLOWEST);
        note(answer.status === 503 ? "The store does not answer. This page comes back by itself." : `The server answers ${answer.status}. This page tries again.`);
      }
    } catch {
      pause = Math.min(2 * pause, SLOWEST);
      note("The server does not answer. This page comes back by itself.");
    } finally {
      busy = false;
      took = performance.now() - began;
      clearTimeout(timer);
      timer = setTimeout(look, Math.max(pause, Math.min(3 * took, SLOWEST)));
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    if (!main()?.hasAttribute("data-live")) return;
    tag = main().dataset.tag || "";
    timer = setTimeout(look, EVERY);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) return;
    pause = EVERY;
    clearTimeout(timer);
    look();
  });
})();
