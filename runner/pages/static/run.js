/* The page of a run: it draws the graph, and keeps it up to date.

   <div data-graph="ADDRESS OF graph.json" data-steps="ADDRESS/" data-worker="…" data-library="…" data-label="…" data-keep> */
(() => {
  "use strict";
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});

  const RETRY = 2000; // milliseconds after which a graph that did not come is asked for again

  function hosted(element) {
    let drawn = null;
    let tag = "";
    let busy = false;
    let again = false;

    async function look() {
      if (busy) {
        again = true;
        return;
      }
      busy = true;
      try {
        const headers = { "X-Runner-Live": "1" };
        if (tag) headers["If-None-Match"] = tag;
        const answer = await fetch(element.dataset.graph, { headers, cache: "no-store", credentials: "same-origin" });
        if (answer.status === 200) {
          tag = answer.headers.get("ETag") || "";
          put(await answer.json());
        }
      } catch {
        // the next change of the page asks again, and live.js tells that nothing answers
      } finally {
        busy = false;
        if (!drawn) setTimeout(look, RETRY);
        if (again) {
          again = false;
          look();
        }
      }
    }

    function put(graph) {
      if (drawn) {
        drawn.update(graph);
        return;
      }
      element.replaceChildren();
      drawn = pages.drawGraph(element, graph, {
        href: (key) => element.dataset.steps + encodeURIComponent(key),
        worker: element.dataset.worker,
        library: element.dataset.library,
        label: element.dataset.label,
      });
    }

    element.addEventListener("runner:fresh", look);
    look();
  }

  const known = new WeakSet();
  function all() {
    for (const element of document.querySelectorAll("[data-graph]")) {
      if (known.has(element)) continue;
      known.add(element);
      hosted(element);
    }
  }
  document.addEventListener("DOMContentLoaded", all);
  document.addEventListener("runner:fresh", all);
})();
