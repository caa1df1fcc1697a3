/* A graph whose data stand in the page, for pages that do not change. A step leads to the element step-KEY.

   <div id="graph" data-label="…" data-worker="…" data-library="…"></div>
   <script type="application/json" id="graph-data">…</script>
   Without a worker the layout is made in place. */
(() => {
  "use strict";
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});

  document.addEventListener("DOMContentLoaded", () => {
    const place = document.getElementById("graph");
    const data = document.getElementById("graph-data");
    if (!place || !data || !pages.drawGraph) return;
    place.replaceChildren();
    pages.drawGraph(place, JSON.parse(data.textContent), {
      href: (key) => `#step-${encodeURIComponent(key)}`,
      worker: place.dataset.worker,
      library: place.dataset.library,
      label: place.dataset.label,
    });
  });
})();
