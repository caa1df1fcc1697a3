/* The graph of a run as a drawing.

   runnerPages.drawGraph(element, graph, options) draws into an element and returns
   {update(graph), show(key), fit(), destroy(), ready}; `ready` is a promise of the first drawing.

   graph: {steps: [{key, name, state, sign, note, about, kind}], links: [{before, after, data: [name]}]}
     state: as `data-state` of the style sheet, empty for a plan; kind: "search", "workers" or empty; about: the tooltip.
   options: {href, onSelect, worker, library, label}
     href(key): the address of a step; onSelect(key): called on a click, which then leads nowhere;
     worker, library: addresses of graph_layout.js and dagre for a worker. Without them the layout is made in place by
     runnerPages.layOutGraph; label: what the graph shows, for screen readers.

   It needs viewport.js, graph.css and one of the ways to lay out. Texts reach the document by textContent alone. */
(() => {
  "use strict";
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});
  const WIDTH = 190;
  const HEIGHT = 46;
  const NAME = 148; // pixels for a name
  const NOTE = 148;
  const FAR = 0.42; // a scale below which names are hidden
  const NARROW = 560; // pixels
  const MANY = 400; // links from which on they have no arrow heads

  function svg(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const pen = document.createElement("canvas").getContext("2d");
  const clippedTexts = new Map();

  function clipped(text, font, width) {
    const known = `${font} ${width} ${text}`;
    if (clippedTexts.has(known)) return clippedTexts.get(known);
    pen.font = font;
    let shown = text.slice(0, 80);
    if (shown.length < text.length || pen.measureText(shown).width > width) {
      let [least, most] = [0, shown.length];
      while (least < most) {
        const middle = Math.ceil((least + most) / 2);
        if (pen.measureText(`${shown.slice(0, middle)}…`).width <= width) least = middle;
        else most = middle - 1;
      }
      shown = `${shown.slice(0, least).trimEnd()}…`;
    }
    clippedTexts.set(known, shown);
    return shown;
  }

  function titled(text) {
    const title = svg("title");
    title.textContent = text;
    return title;
  }

  function text(content, attributes) {
    const made = svg("text", attributes);
    made.textContent = content;
    return made;
  }

  /** Return a curve through points, which leaves and enters steps upright. */
  function curve(points) {
    const [first, ...rest] = points;
    let path = `M${first[0]} ${first[1]}`;
    let from = first;
    for (const to of rest) {
      const middle = (from[1] + to[1]) / 2;
      path += `C${from[0]} ${middle} ${to[0]} ${middle} ${to[0]} ${to[1]}`;
      from = to;
    }
    return path;
  }

  function shapeOf(graph) {
    return JSON.stringify([graph.steps.map((step) => [step.key, step.name]), graph.links]);
  }

  function layOut(graph, options) {
    const asked = {
      nodes: graph.steps.map((step) => ({ id: step.key, width: WIDTH, height: HEIGHT })),
      links: graph.links.map((link) => [link.before, link.after]),
    };
    if (!options.worker || typeof Worker === "undefined") {
      return Promise.resolve(pages.layOutGraph({ ...asked, fast: true }));
    }
    return new Promise((resolve, reject) => {
      const worker = new Worker(options.worker);
      const end = (settle) => (event) => {
        worker.terminate();
        settle(event);
      };
      worker.onmessage = end((event) => resolve(event.data));
      worker.onerror = end((event) => reject(new Error(event.message)));
      worker.postMessage({ ...asked, dagre: new URL(options.library, document.baseURI).href });
    });
  }

  function drawNode(step, place, options) {
    const address = options.href?.(step.key);
    const node = svg(address ? "a" : "g", { class: "node", transform: `translate(${place[0]} ${place[1]})` });
    if (address) {
      node.setAttribute("href", address);
      node.setAttribute("tabindex", "-1");
    }
    if (options.onSelect) {
      node.addEventListener("click", (event) => {
        event.preventDefault();
        options.onSelect(step.key);
      });
    }
    if (step.kind) node.append(svg("rect", { class: "behind", x: 5, y: 5, width: WIDTH, height: HEIGHT, rx: 9 }));
    const parts = {
      node,
      title: titled(""),
      sign: text("", { class: "sign", x: 20, y: 28, "text-anchor": "middle" }),
      name: text("", { class: "name", x: 36 }),
      note: text("", { class: "note", x: 36, y: 35 }),
    };
    node.append(
      parts.title,
      svg("rect", { class: "box", width: WIDTH, height: HEIGHT, rx: 9 }),
      parts.sign,
      parts.name,
      parts.note,
    );
    return parts;
  }

  function fill(parts, step, fonts) {
    parts.node.setAttribute("data-state", step.state || "");
    parts.node.setAttribute("data-kind", step.kind || "");
    parts.title.textContent = step.about || step.name;
    parts.sign.textContent = step.sign || "";
    parts.name.textContent = clipped(step.name, fonts.name, NAME);
    parts.name.setAttribute("y", step.note ? 20 : 28);
    parts.note.textContent = step.note ? clipped(step.note, fonts.note, NOTE) : "";
  }

  function drawLink(graph, link, arrows) {
    const members = link.members.map((index) => graph.links[index]);
    const data = [...new Set(members.flatMap((each) => each.data))];
    const path = svg("path", { class: data.length ? "link" : "link order", d: curve(link.points) });
    if (arrows) path.setAttribute("marker-end", "url(#graph-arrow)");
    const names = data.slice(0, 12).join(", ") + (data.length > 12 ? ` and ${data.length - 12} more` : "");
    path.append(titled(data.length ? names : "order only"));
    return path;
  }

  function drawAll(graph, layout, options) {
    const drawing = svg("svg", { class: "graph-drawing", width: layout.width + 8, height: layout.height + 8 });
    const arrows = layout.links.length <= MANY;
    if (arrows) {
      const arrow = svg("marker", {
        id: "graph-arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto",
      });
      arrow.append(svg("path", { class: "arrow", d: "M0 0L8 4L0 8z" }));
      drawing.append(svg("defs", {}, arrow));
    }
    for (const block of layout.blocks) {
      const { x, y, width, height } = block;
      drawing.append(svg("rect", { class: "block", x, y, width, height, rx: 14 }));
    }
    drawing.append(svg("g", { class: "links" }, ...layout.links.map((link) => drawLink(graph, link, arrows))));
    const nodes = new Map();
    const group = svg("g", { class: "nodes" });
    for (const step of graph.steps) {
      const parts = drawNode(step, layout.nodes[step.key], options);
      nodes.set(step.key, parts);
      group.append(parts.node);
    }
    drawing.append(group);
    return { drawing, nodes };
  }

  function button(label, sign, action) {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = sign;
    made.title = label;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", action);
    return made;
  }

  pages.drawGraph = (element, graph, options = {}) => {
    const frame = document.createElement("div");
    frame.className = "graph-frame";
    frame.tabIndex = 0;
    frame.setAttribute("role", "group");
    frame.setAttribute("aria-label", `${options.label || "The graph of the steps"}. Arrow keys move it, + and - zoom, 0 shows all of it.`);
    const told = document.createElement("p");
    told.className = "graph-told";
    told.textContent = "The graph is being laid out …";
    frame.append(told);
    element.append(frame);
    const style = getComputedStyle(frame);
    const fonts = { name: `600 13px ${style.fontFamily}`, note: `11.5px ${style.fontFamily}` };
    let shape = shapeOf(graph);
    let shown = new Map();
    let nodes = new Map();
    let places = {};
    let view = null;
    let drawing = null;
    let wanted = 0;

    /** Return the height that the buttons take, where they would lie on the drawing. */
    function top() {
      return frame.clientWidth < NARROW ? 40 : 0;
    }

    function refill(fresh) {
      for (const step of fresh.steps) {
        const now = JSON.stringify(step);
        if (shown.get(step.key) === now || !nodes.has(step.key)) continue;
        shown.set(step.key, now);
        fill(nodes.get(step.key), step, fonts);
      }
    }

    function put(fresh, layout) {
      view?.destroy();
      drawing?.remove();
      told.remove();
      shown = new Map();
      places = layout.nodes;
      ({ drawing, nodes } = drawAll(fresh, layout, options));
      drawing.setAttribute("aria-hidden", "true");
      refill(fresh);
      const high = Math.min(layout.height + 40 + top(), Math.max(280, Math.min(640, innerHeight * 0.62)));
      frame.style.height = `${Math.max(120, high)}px`;
      frame.prepend(drawing);
      view = pages.viewport(frame, drawing, {
        width: layout.width,
        height: layout.height,
        top,
        onZoom: (scale) => frame.classList.toggle("far", scale < FAR),
      });
    }

    async function draw(fresh) {
      const turn = ++wanted;
      try {
        const layout = await layOut(fresh, options);
        if (turn === wanted) put(latest, layout);
      } catch {
        told.textContent = "The graph could not be laid out; the list has all steps.";
      }
    }

    let latest = graph;
    const tools = document.createElement("div");
    tools.className = "graph-tools";
    tools.append(
      button("Zoom in", "+", () => view?.zoom(1.3)),
      button("Zoom out", "−", () => view?.zoom(1 / 1.3)),
      button("Show all of it", "⤢", () => view?.fit()),
    );
    frame.append(tools);
    const ready = draw(graph);
    return {
      ready,
      update(fresh) {
        latest = fresh;
        const now = shapeOf(fresh);
        if (now === shape) {
          refill(fresh);
          return Promise.resolve();
        }
        shape = now;
        return draw(fresh);
      },
      show(key) {
        const place = places[key];
        if (place) view.show(place[0] + WIDTH / 2, place[1] + HEIGHT / 2);
        for (const [each, parts] of nodes) parts.node.classList.toggle("chosen", each === key);
      },
      fit: () => view?.fit(),
      destroy() {
        wanted += 1;
        view?.destroy();
        frame.remove();
      },
    };
  };
})();
