/* Places of the steps of a graph, by dagre: in a worker where there is one, else in the page.

   runnerPages.layOutGraph({nodes: [{id, width, height}], links: [[before, after]], fast}) returns
   {nodes: {id: [x, y]}, links: [{points: [[x, y]], members: [index of a link]}], blocks: [{x, y, width, height, size}],
   width, height}; x and y are corners at the top left. Equal lanes (single steps, or chains of them, with the same
   neighbours) become the cells of one block, so that a thousand equal steps are a table and no line of 200,000 pixels.
   A worker takes the same with `dagre`, the address of the library. */
(function () {
  "use strict";

  const GAP = 22;
  const RANK_GAP = 46;
  const LANE_GAP = 14;
  const ALIKE = 6; // from so many equal lanes on, they are one block
  const EXACT = 150; // up to so many units, dagre looks for the best ranks
  const SLOW = 300; // from so many units on, a page without a worker has to be content with a plain layout

  function grouped(pairs) {
    const found = new Map();
    for (const [key, value] of pairs) {
      if (!found.has(key)) found.set(key, []);
      found.get(key).push(value);
    }
    return found;
  }

  /** Return the longest lanes: nodes of which each is the only neighbour of the next one. */
  function lanesOf(ids, before, after) {
    const single = (side, id) => (side.get(id) || []).length === 1;
    const begins = (id) => !single(before, id) || !single(after, before.get(id)[0]);
    const lanes = [];
    const seen = new Set();
    const follow = (id) => {
      const lane = [id];
      seen.add(id);
      for (let at = id; single(after, at); ) {
        const next = after.get(at)[0];
        if (!single(before, next) || seen.has(next)) break;
        lane.push(next);
        seen.add(next);
        at = next;
      }
      lanes.push(lane);
    };
    ids.filter(begins).forEach(follow);
    ids.filter((id) => !seen.has(id)).forEach(follow); // a circle, which no valid plan has
    return lanes;
  }

  /** Return the units of the layout: single nodes, and blocks of equal lanes. */
  function unitsOf(nodes, before, after) {
    const size = new Map(nodes.map((node) => [node.id, node]));
    const lanes = lanesOf([...size.keys()], before, after);
    const alike = grouped(
      lanes.map((lane) => {
        const first = [...(before.get(lane[0]) || [])].sort();
        const last = [...(after.get(lane[lane.length - 1]) || [])].sort();
        const linked = first.length + last.length > 0;
        return [JSON.stringify(linked ? [first, last, lane.length] : [lane.length]), lane];
      }),
    );
    const units = [];
    for (const together of alike.values()) {
      if (together.length >= ALIKE) units.push(block(together, size));
      else together.flat().forEach((id) => units.push(single(size.get(id))));
    }
    return units;
  }

  function single(node) {
    return { id: node.id, width: node.width, height: node.height, cells: [[node.id, 0, 0]], lanes: [] };
  }

  function block(lanes, size) {
    const all = lanes.flat().map((id) => size.get(id));
    const width = Math.max(...all.map((node) => node.width)) + LANE_GAP;
    const height = Math.max(...all.map((node) => node.height)) + LANE_GAP;
    const deep = lanes[0].length * height + (lanes[0].length > 1 ? LANE_GAP : 0);
    const columns = Math.max(1, Math.min(lanes.length, Math.ceil(Math.sqrt((lanes.length * deep * 1.7) / width))));
    const cells = [];
    lanes.forEach((lane, number) => {
      const x = LANE_GAP + (number % columns) * width;
      const y = LANE_GAP + Math.floor(number / columns) * deep;
      lane.forEach((id, place) => cells.push([id, x, y + place * height]));
    });
    const rows = Math.ceil(lanes.length / columns);
    return {
      id: lanes[0][0],
      width: columns * width + LANE_GAP,
      height: rows * deep + LANE_GAP,
      cells,
      lanes,
      size: all.length,
    };
  }

  /** Place the units by dagre. Return the points of each link by its pair. */
  function byDagre(library, units, pairs) {
    const graph = new library.graphlib.Graph();
    const ranker = units.length <= EXACT ? "network-simplex" : "tight-tree";
    graph.setGraph({ rankdir: "TB", nodesep: GAP, ranksep: RANK_GAP, ranker });
    for (const unit of units) graph.setNode(unit.id, { width: unit.width, height: unit.height });
    for (const [first, last] of pairs) graph.setEdge(first, last, {});
    library.layout(graph);
    for (const unit of units) {
      const placed = graph.node(unit.id);
      unit.x = placed.x - unit.width / 2;
      unit.y = placed.y - unit.height / 2;
    }
    const by = new Map(units.map((unit) => [unit.id, unit]));
    return (first, last) => {
      const [from, to] = straight(by.get(first), by.get(last));
      const between = graph.edge(first, last).points.slice(1, -1);
      return [from, ...(between.length > 1 ? between.map((point) => [point.x, point.y]) : []), to];
    };
  }

  /** Place the units in ranks without dagre: quick, and with more crossings. */
  function inRanks(units, pairs) {
    const before = grouped(pairs.map(([first, last]) => [last, first]));
    const after = grouped(pairs);
    const by = new Map(units.map((unit) => [unit.id, unit]));
    const missing = new Map(units.map((unit) => [unit.id, (before.get(unit.id) || []).length]));
    const ready = units.filter((unit) => !missing.get(unit.id));
    for (const unit of units) unit.rank = 0;
    while (ready.length) {
      const unit = ready.pop();
      for (const id of after.get(unit.id) || []) {
        const next = by.get(id);
        next.rank = Math.max(next.rank, unit.rank + 1);
        missing.set(id, missing.get(id) - 1);
        if (!missing.get(id)) ready.push(next);
      }
    }
    const ranks = [...grouped(units.map((unit) => [unit.rank, unit]))].sort((one, other) => one[0] - other[0]);
    const middle = (unit) => unit.x + unit.width / 2;
    let y = 0;
    for (const [, row] of ranks) {
      for (const unit of row) {
        const givers = (before.get(unit.id) || []).map((id) => middle(by.get(id)));
        unit.wish = givers.length ? givers.reduce((sum, x) => sum + x, 0) / givers.length : 0;
      }
      row.sort((one, other) => one.wish - other.wish);
      const width = row.reduce((sum, unit) => sum + unit.width + GAP, -GAP);
      let x = row.reduce((sum, unit) => sum + unit.wish, 0) / row.length - width / 2;
      for (const unit of row) {
        unit.x = x;
        unit.y = y;
        x += unit.width + GAP;
      }
      y += Math.max(...row.map((unit) => unit.height)) + RANK_GAP;
    }
    return (first, last) => straight(by.get(first), by.get(last));
  }

  function straight(first, last) {
    return [
      [first.x + first.width / 2, first.y + first.height],
      [last.x + last.width / 2, last.y],
    ];
  }

  function layOut(library, asked) {
    const links = asked.links;
    const before = grouped(links.map(([first, last]) => [last, first]));
    const after = grouped(links);
    const units = unitsOf(asked.nodes, before, after);
    const unitOf = new Map();
    for (const unit of units) for (const [id] of unit.cells) unitOf.set(id, unit.id);
    const outer = new Map();
    const inner = [];
    links.forEach(([first, last], index) => {
      const pair = [unitOf.get(first), unitOf.get(last)];
      if (pair[0] === pair[1]) {
        inner.push([first, last, index]);
        return;
      }
      const name = JSON.stringify(pair);
      if (!outer.has(name)) outer.set(name, { pair, members: [] });
      outer.get(name).members.push(index);
    });
    const pairs = [...outer.values()].map((link) => link.pair);
    const quick = !library || (asked.fast && units.length > SLOW);
    const points = quick ? inRanks(units, pairs) : byDagre(library, units, pairs);
    return placed(units, outer, inner, points, new Map(asked.nodes.map((node) => [node.id, node])));
  }

  function placed(units, outer, inner, points, size) {
    const left = Math.min(0, ...units.map((unit) => unit.x));
    const top = Math.min(0, ...units.map((unit) => unit.y));
    const nodes = {};
    for (const unit of units) for (const [id, x, y] of unit.cells) nodes[id] = [unit.x - left + x, unit.y - top + y];
    const drawn = [...outer.values()].map(({ pair, members }) => ({
      points: points(pair[0], pair[1]).map(([x, y]) => [x - left, y - top]),
      members,
    }));
    for (const [first, last, index] of inner) {
      const box = (id) => ({ x: nodes[id][0], y: nodes[id][1], width: size.get(id).width, height: size.get(id).height });
      drawn.push({ points: straight(box(first), box(last)), members: [index] });
    }
    const blocks = units
      .filter((unit) => unit.lanes.length)
      .map((unit) => ({ x: unit.x - left, y: unit.y - top, width: unit.width, height: unit.height, size: unit.size }));
    return {
      nodes,
      links: drawn,
      blocks,
      width: Math.max(0, ...units.map((unit) => unit.x - left + unit.width)),
      height: Math.max(0, ...units.map((unit) => unit.y - top + unit.height)),
    };
  }

  const inWorker = typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope;
  if (inWorker) {
    self.onmessage = (event) => {
      self.importScripts(event.data.dagre);
      self.postMessage(layOut(self.dagre, event.data));
    };
    return;
  }
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});
  pages.layOutGraph = (asked) => layOut(globalThis.dagre, asked);
})();
