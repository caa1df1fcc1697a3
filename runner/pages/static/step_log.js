/* The log of a step: it goes on while the step writes, and stays at its end while the reader is there.

   <div class="log" data-follow="…/log.json?attempt=N" data-next="PLACE" data-page="…/log?attempt=N"> asks for what follows
   the place. It is the log of one attempt of one worker: a live page that shows another attempt has another element.
   Texts are those of a step, which may be hostile: they reach the document by textContent alone. */
(() => {
  "use strict";
  const EVERY = 1000; // milliseconds
  const SLOWEST = 10000;
  const MOST = 5000; // lines in the document

  function say(text, attempt, page) {
    const state = document.querySelector("[data-log-state]");
    if (!state || state.textContent === text) return;
    state.textContent = text;
    if (!attempt) return;
    const link = document.createElement("a");
    const address = new URL(page, location.href);
    address.searchParams.set("attempt", attempt);
    link.href = `${address.pathname}${address.search}`;
    link.textContent = ` Attempt ${attempt} has begun: see its log.`;
    state.append(link);
  }

  function piece(classes, text) {
    const made = document.createElement("span");
    if (classes) made.className = classes;
    made.textContent = text;
    return made;
  }

  function line(log, one) {
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

  /* Adds lines. Those that were not complete come again, and replace what was shown of them. */
  function show(log, lines) {
    const stay = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
    for (const one of lines) {
      const known = document.getElementById(`b${one.at}`);
      const made = line(log, one);
      if (known) {
        made.querySelector(".place").textContent = known.querySelector(".place")?.textContent || "¶";
        known.replaceWith(made);
      } else {
        log.append(made);
      }
    }
    let dropped = false;
    while (log.childElementCount > MOST) {
      log.firstElementChild.remove();
      dropped = true;
    }
    if (stay) log.scrollTop = log.scrollHeight;
    return dropped;
  }

  function follow(log) {
    const address = new URL(log.dataset.follow, location.href);
    let place = Number(log.dataset.next);
    let pause = EVERY;
    let tag = "";
    let dropped = false;

    /* Returns the time until the next look; 0: nothing follows. */
    async function news() {
      address.searchParams.set("at", place);
      const headers = { "X-Runner-Live": "1" };
      if (tag) headers["If-None-Match"] = tag;
      const answer = await fetch(address, { headers, cache: "no-store", credentials: "same-origin" });
      if (!log.isConnected) return 0;
      if (answer.status !== 200 && answer.status !== 304) {
        pause = Math.min(2 * pause, SLOWEST);
        say("The log does not come at the moment. This page tries again.");
        return pause;
      }
      pause = EVERY;
      let next = EVERY;
      if (answer.status === 200) {
        const found = await answer.json();
        if (found.attempt) address.searchParams.set("attempt", found.attempt);
        dropped = show(log, found.lines) || dropped;
        tag = found.next === place ? answer.headers.get("ETag") || "" : "";
        next = found.next < found.size && found.next !== place ? 50 : EVERY;
        place = found.next;
        if (found.over) {
          say(found.newer ? "This attempt has ended." : "The step has ended: this is all of it.", found.newer, log.dataset.page);
          return 0;
        }
      }
      say(`It goes on as the step writes.${dropped ? " Older lines left this page; see Start." : ""}`);
      return next;
    }

    async function look() {
      let again = pause;
      if (!log.isConnected) return;
      try {
        if (!document.hidden) again = await news();
      } catch {
        pause = again = Math.min(2 * pause, SLOWEST);
        say("The server does not answer. This page tries again.");
      }
      if (again) setTimeout(look, again);
    }
    look();
  }

  function begin() {
    const log = document.querySelector(".log");
    if (!log || log.runnerBegun) return;
    log.runnerBegun = true;
    const marked = log.querySelector(".marked");
    if (marked) marked.scrollIntoView({ block: "center" });
    else if (log.dataset.follow || "end" in log.dataset) log.scrollTop = log.scrollHeight;
    if (log.dataset.follow) follow(log);
  }
  document.addEventListener("DOMContentLoaded", begin);
  document.addEventListener("runner:fresh", begin);
})();
