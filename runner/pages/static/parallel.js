/* Parallel coordinates: one axis for each hyperparameter, the metric as the last one, and a line for each trial.

   runnerPages.drawParallel(element, data) draws into an element.
   data: {axes: [{name, ticks: [[place, text]]}], lines: [{name, href, places: [number or null], texts}], maximize, told}
   Places are from 0 (below) to 1. The colour of a line tells its metric. A row of a table with data-line="<number>" lights
   the line of that number up; the table is what keyboard and screen readers use.

   <div data-parallel data-keep id="…"><script type="application/json">…</script></div> is drawn by itself. */
(() => {
  "use strict";
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});
  const HEIGHT = 330;
  const [TOP, BOTTOM, SIDE] = [44, 18, 64];
  const LEAST = 120; // pixels between two axes

  function svg(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  function text(content, attributes) {
    const made = svg("text", attributes);
    made.textContent = content;
    return made;
  }

  function short(content, most) {
    return content.length > most ? `${content.slice(0, most - 1)}…` : content;
  }

  function drawAxis(axis, x, y, last) {
    const group = svg("g", { class: last ? "axis metric" : "axis" });
    group.append(svg("line", { x1: x, x2: x, y1: y(0), y2: y(1) }));
    const title = svg("title");
    title.textContent = axis.name;
    const shown = short(axis.name, 20);
    const beyond = last && shown.length > 14; // it would not fit at the right of its axis
    const name = text(shown, { x: beyond ? x + SIDE - 4 : x, y: 18, "text-anchor": beyond ? "end" : "middle", class: "axis-name" });
    name.append(title);
    group.append(name);
    for (const [place, label] of axis.ticks) {
      group.append(svg("line", { x1: x - 4, x2: x, y1: y(place), y2: y(place) }));
      group.append(text(short(label, 12), { x: x - 8, y: y(place) + 4, "text-anchor": "end", class: "tick" }));
    }
    return group;
  }

  function tone(line, maximize) {
    const place = line.places[line.places.length - 1];
    if (place === null) return "none";
    const good = maximize ? place : 1 - place;
    return String(Math.min(4, Math.floor(good * 5)));
  }

  function drawLine(line, number, xs, y, maximize) {
    const known = line.places.map((place, at) => [xs[at], place]).filter(([, place]) => place !== null);
    const path = known.map(([x, place], at) => `${at ? "L" : "M"}${x} ${y(place)}`).join("");
    const shape = svg("path", { d: path || "M0 0", class: "trial", "data-tone": tone(line, maximize), "data-number": number });
    const title = svg("title");
    title.textContent = line.name;
    shape.append(title);
    return shape;
  }

  pages.drawParallel = (element, given) => {
    let data = given;
    let drawn = null;
    const told = document.createElement("p");
    told.className = "parallel-told";
    told.setAttribute("aria-hidden", "true");

    function light(number) {
      for (const path of drawn.querySelectorAll(".trial")) path.classList.toggle("lit", Number(path.dataset.number) === number);
      const line = data.lines[number];
      const texts = line ? data.axes.map((axis, at) => `${axis.name} ${line.texts[at] || "–"}`).join(" · ") : "";
      told.textContent = line ? `${line.name}: ${texts}` : data.told;
    }

    function draw() {
      const width = Math.max(element.clientWidth, 2 * SIDE + LEAST * (data.axes.length - 1));
      const y = (place) => TOP + (1 - place) * (HEIGHT - TOP - BOTTOM);
      const gap = data.axes.length > 1 ? (width - SIDE - 90) / (data.axes.length - 1) : 0;
      const xs = data.axes.map((_, at) => 90 + at * gap);
      const lines = data.lines.map((line, number) => drawLine(line, number, xs, y, data.maximize)).reverse();
      const axes = data.axes.map((axis, at) => drawAxis(axis, xs[at], y, at === data.axes.length - 1));
      const made = svg("svg", { class: "parallel", width, height: HEIGHT, "aria-hidden": "true" });
      made.append(svg("g", {}, ...lines), svg("g", {}, ...axes));
      made.addEventListener("pointerover", (event) => {
        const path = event.target.closest(".trial");
        light(path ? Number(path.dataset.number) : -1);
      });
      made.addEventListener("click", (event) => {
        const path = event.target.closest(".trial");
        const line = path && data.lines[Number(path.dataset.number)];
        if (line) location.assign(line.href);
      });
      drawn?.remove();
      element.prepend(made);
      drawn = made;
      light(-1);
    }

    element.append(told);
    draw();
    let wide = element.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(element.clientWidth - wide) < 2) return;
      wide = element.clientWidth;
      draw();
    }).observe(element);
    return {
      light,
      update(fresh) {
        data = fresh;
        draw();
      },
    };
  };

  function dataOf(element) {
    return element.querySelector('script[type="application/json"]')?.textContent || "";
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const element of document.querySelectorAll("[data-parallel]")) {
      let shown = dataOf(element);
      const chart = pages.drawParallel(element, JSON.parse(shown));
      element.addEventListener("runner:fresh", (event) => {
        const fresh = event.detail.fresh && dataOf(event.detail.fresh);
        if (!fresh || fresh === shown) return;
        shown = fresh;
        chart.update(JSON.parse(fresh));
      });
      for (const name of ["pointerover", "focusin"]) {
        document.addEventListener(name, (event) => {
          const row = event.target.closest?.("[data-line]");
          if (row) chart.light(Number(row.dataset.line));
        });
      }
    }
  });
})();
