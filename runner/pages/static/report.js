/* The report of a run: it opens what a link leads to, and what is printed. */
(() => {
  "use strict";
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

  document.addEventListener("DOMContentLoaded", openTarget);
  window.addEventListener("hashchange", openTarget);
  window.addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details.receipt, details.file")) part.open = true;
  });
})();
