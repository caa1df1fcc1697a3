/* The report of a run: draws its graph in place, and opens what a link leads to or what is printed. */
(() => {
  "use strict";
  const pages = (window.runnerPages = window.runnerPages || {});

  function openTarget() {
    let key = location.hash.slice(1);
    try {
      key = decodeURIComponent(key);
    } catch {
      return; // no valid escape: it leads nowhere
    }
    const target = key && document.getElementById(key);
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.scrollIntoView({ block: "start" });
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("graph");
    const data = document.getElementById("graph-data");
    if (place && data && pages.drawGraph) {
      place.replaceChildren();
      pages.drawGraph(place, JSON.parse(data.textContent), {
        href: (key) => `#step-${encodeURIComponent(key)}`,
        label: place.dataset.label,
      });
    }
    openTarget();
  });
  window.addEventListener("hashchange", openTarget);
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details.receipt, details.file")) part.open = true;
  });
})();
