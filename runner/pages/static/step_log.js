/* The log of a step: it goes on while the step writes, and stays at its end while the reader is there.

   <div id="log" data-follow="…/log.json" data-next="PLACE" data-page="…/log"> asks for what follows the place. Texts are
   those of a step, which may be hostile: they reach the document by textContent alone. */
(() => {
  "use strict";
  const EVERY = 1000; // milliseconds
  const SLOWEST = 10000;
  const MOST = 5000; // lines in the document
  let log = null;
  let place = 0;
  let pause = EVERY;
  let tag = "";
  let dropped = false;

  const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 40;

  function say(text) {
    const state = document.querySelector("[data-log-state]");
    if (state && state.textContent !== text) state.textContent = text;
  }

  function piece(classes, text) {
    const made = document.createElement("span");
    if (classes) made.className = classes;
    made.textContent = text;
    return made;
  }

  function line(one) {
    const made = document.createElement("div");
    made.className = "line";
    made.id = `b${one.at}`;
    const link = document.createElement("a");
    link.className = "place";
    const page = new URL(log.dataset.page, location.href);
    page.searchParams.set("around", one.at);
    link.href = `${page.pathname}${page.search}#b${one.at}`;
    link.setAttribute("aria-label", "Address of this line");
    link.textContent = "¶";
    const text = document.createElement("span");
    text.className = "text";
    for (const [classes, words] of one.spans) text.append(piece(classes, words));
    if (one.hidden) text.append(piece("t-control", ` … ${one.hidden} bytes more of this line are in the whole log`));
    made.append(link, text);
    return made;
  }

  function show(lines) {
    const stay = atEnd();
    // What was shown of a line that was not complete comes again, as do lines that are known.
    for (const one of lines) {
      const known = document.getElementById(`b${one.at}`);
      const made = line(one);
      if (known) {
        const number = known.querySelector(".place");
        if (number) made.querySelector(".place").textContent = number.textContent;
        known.replaceWith(made);
      } else {
        log.append(made);
      }
    }
    while (log.childElementCount > MOST) {
      log.firstElementChild.remove();
      dropped = true;
    }
    if (stay) log.scrollTop = log.scrollHeight;
  }

  async function look() {
    let again = pause;
    try {
      if (!document.hidden) {
        const address = new URL(log.dataset.follow, location.href);
        address.searchParams.set("at", place);
        const headers = { "X-Runner-Live": "1" };
        if (tag) headers["If-None-Match"] = tag;
        const answer = await fetch(address, { headers, cache: "no-store", credentials: "same-origin" });
        if (answer.status === 200) {
          const found = await answer.json();
          show(found.lines);
          tag = found.next === place ? answer.headers.get("ETag") || "" : "";
          const more = found.next < found.size && found.next !== place;
          place = found.next;
          if (found.over) {
            say("The step has ended: this is all of it.");
            return;
          }
          again = more ? 50 : EVERY;
        }
        const well = answer.status === 200 || answer.status === 304;
        pause = well ? EVERY : Math.min(2 * pause, SLOWEST);
        if (!well) again = pause;
        say(well ? `It goes on as the step writes.${dropped ? " Older lines left this page; see Start." : ""}` : "The log does not come at the moment. This page tries again.");
      }
    } catch {
      pause = again = Math.min(2 * pause, SLOWEST);
      say("The server does not answer. This page tries again.");
    }
    setTimeout(look, again);
  }

  document.addEventListener("DOMContentLoaded", () => {
    log = document.getElementById("log");
    if (!log) return;
    const marked = log.querySelector(".marked");
    if (marked) marked.scrollIntoView({ block: "center" });
    else if (log.dataset.follow || "end" in log.dataset) log.scrollTop = log.scrollHeight;
    if (!log.dataset.follow) return;
    place = Number(log.dataset.next);
    look();
  });
})();
