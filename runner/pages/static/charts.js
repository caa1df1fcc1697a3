/* Charts over uPlot (https://github.com/leeoniya/uPlot).

   runnerPages.drawChart(element, series, options) draws into an element and returns {update(series), destroy()}.

   series: [{name, points: [[x, y], …], style, color, dash}, …]
     style: "line" (default), "points", "steps" or "bars"; color: 1 to 8, the variable --series-N. Default: by its place.
     A y of null is a gap. Points need not be sorted, and series need not have the same x.
   options: {label, time, log, xLabel, yLabel, height, categories, xRange, yRange, legend}
     label: what the chart shows, for screen readers; time: x is seconds since 1970; log: a logarithmic y axis;
     height: pixels, default 240; categories: names of x = 0, 1, 2 …; xRange, yRange: [least, most];
     legend: default true if there are several series.

   <div data-chart data-keep id="…"><script type="application/json">{"series": …, "options": …}</script></div> is drawn by
   itself, and again when a live page has new values. Texts reach the document by textContent alone. */
(() => {
  "use strict";
  const pages = (window.runnerPages = window.runnerPages || {});
  const drawn = new WeakMap();
  const SERIES = 8;

  function variable(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "#666";
  }

  function short(value) {
    if (value === null || value === undefined) return "–";
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(3);
    return String(Math.round(value * 1e4) / 1e4);
  }

  /* Tables as uPlot wants them: one sorted list of x, and for each series its y, undefined where it has no point. */
  function aligned(series) {
    const tables = series.map((one) => {
      const points = one.points.filter((point) => Number.isFinite(point[0])).sort((a, b) => a[0] - b[0]);
      return [points.map((point) => point[0]), points.map((point) => (Number.isFinite(point[1]) ? point[1] : null))];
    });
    return tables.length === 1 ? tables[0] : uPlot.join(tables, tables.map(() => [0, 1]));
  }

  function look(one, index, sparse) {
    const color = variable(`--series-${((one.color || index + 1) - 1) % SERIES + 1}`);
    const style = one.style || "line";
    const made = {
      label: String(one.name),
      stroke: color,
      width: style === "points" ? 0 : 2,
      spanGaps: style === "line" || style === "steps",
      dash: one.dash ? [6, 5] : undefined,
      value: (_, value) => short(value),
      points: { show: style === "points" || (sparse && !one.dash), size: style === "points" ? 5 : 6, fill: color },
    };
    if (style === "points") made.paths = () => null;
    if (style === "steps") made.paths = uPlot.paths.stepped({ align: 1 });
    if (style === "bars") {
      made.paths = uPlot.paths.bars({ size: [0.7, 60] });
      made.fill = `${color}aa`;
      made.points = { show: false };
    }
    return made;
  }

  function axis(label, extra) {
    const grid = { stroke: variable("--line"), width: 1 };
    const font = `12px ${variable("--font")}`;
    return {
      stroke: variable("--muted"), grid, ticks: { ...grid, size: 4 }, font, labelFont: font,
      label: label || undefined, labelSize: label ? 20 : 0, ...extra,
    };
  }

  const two = (number) => String(number).padStart(2, "0");

  function day(seconds) {
    const at = new Date(seconds * 1000);
    return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  }

  function clock(seconds, step) {
    const at = new Date(seconds * 1000);
    return `${two(at.getHours())}:${two(at.getMinutes())}${step < 60 ? `:${two(at.getSeconds())}` : ""}`;
  }

  /** Return the texts of places on an axis of time, as elsewhere on the pages: the day where it changes. */
  function times(_, splits, _axis, _space, step) {
    return splits.map((at, place) => {
      if (step >= 86400) return day(at);
      const isNew = place === 0 || day(splits[place - 1]) !== day(at);
      return isNew ? `${clock(at, step)}\n${day(at)}` : clock(at, step);
    });
  }

  function settings(element, series, options) {
    const sparse = series.every((one) => one.points.length <= 40);
    const categories = options.categories;
    const named = categories ? {
      splits: () => categories.map((_, at) => at),
      values: (_, splits) => splits.map((at) => String(categories[at] ?? "").slice(0, 12)),
    } : options.time ? { values: times, space: 90 } : {};
    const left = { size: 58, values: options.log ? undefined : (_, splits) => splits.map(short) };
    const places = [...new Set(series.flatMap((one) => (one.style === "bars" ? one.points.map((point) => point[0]) : [])))];
    places.sort((a, b) => a - b);
    const half = places.length > 1 ? (places[places.length - 1] - places[0]) / (places.length - 1) / 2 : 0;
    const padded = (_, least, most) => (least === most ? [least - 0.5, most + 0.5] : [least - half, most + half]);
    const range = options.xRange || (categories ? [-0.6, categories.length - 0.4] : options.time ? undefined : padded);
    const value = (_, x) => (x === null || x === undefined ? "–" : categories ? String(categories[x] ?? "") : short(x));
    return {
      width: Math.max(200, element.clientWidth),
      height: options.height || 240,
      padding: [10, 12, 0, 0],
      cursor: { drag: { x: true, y: false }, points: { size: 7 } },
      legend: { show: options.legend ?? series.length > 1, live: true },
      scales: {
        x: { time: Boolean(options.time), range },
        y: options.log ? { distr: 3 } : options.yRange ? { range: options.yRange } : {},
      },
      axes: [axis(options.xLabel, { space: 60, ...named }), axis(options.yLabel, left)],
      series: [
        options.time ? { label: "time", value: (_, x) => (x === null || x === undefined ? "–" : `${day(x)} ${clock(x, 1)}`) } : { label: options.xLabel || "x", value },
        ...series.map((one, index) => look(one, index, sparse)),
      ],
    };
  }

  pages.drawChart = (element, series, options = {}) => {
    let chart = null;
    let shown = series;
    function draw() {
      chart?.destroy();
      chart = null;
      if (!shown.some((one) => one.points.length)) return;
      chart = new uPlot(settings(element, shown, options), aligned(shown), element);
    }
    const resized = new ResizeObserver(() => {
      const width = Math.max(200, element.clientWidth);
      if (chart && chart.width !== width) chart.setSize({ width, height: options.height || 240 });
    });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    element.setAttribute("role", "img");
    if (options.label) element.setAttribute("aria-label", String(options.label));
    draw();
    resized.observe(element);
    scheme.addEventListener("change", draw);
    document.addEventListener("runner:theme", draw);
    return {
      update(fresh) {
        const same = chart && fresh.length === shown.length && fresh.every((one, at) => one.name === shown[at].name);
        shown = fresh;
        if (same) chart.setData(aligned(shown));
        else draw();
      },
      destroy() {
        resized.disconnect();
        scheme.removeEventListener("change", draw);
        document.removeEventListener("runner:theme", draw);
        chart?.destroy();
      },
    };
  };

  function dataOf(element) {
    return element.querySelector('script[type="application/json"]')?.textContent || "";
  }

  function drawHere(element) {
    const text = dataOf(element);
    if (!text || drawn.has(element)) return;
    const { series, options } = JSON.parse(text);
    const chart = pages.drawChart(element, series, options);
    drawn.set(element, { chart, text });
    element.addEventListener("runner:fresh", (event) => {
      const known = drawn.get(element);
      const fresh = event.detail.fresh && dataOf(event.detail.fresh);
      if (!fresh || fresh === known.text) return;
      known.text = fresh;
      chart.update(JSON.parse(fresh).series);
    });
  }

  function drawAll() {
    for (const element of document.querySelectorAll("[data-chart]")) drawHere(element);
  }
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("runner:fresh", drawAll);
})();
