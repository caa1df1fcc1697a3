/* The live view of a run in a notebook.

   runnerPages.renderRun(model, element) draws what the model has into an element and returns a function that ends it.
   model: that of anywidget: get(name), set(name, value), save_changes(), on("change:…", f), off("change:…", f).
     head {kind, run, status, state, sign, counts}, graph as drawGraph takes it, shown (the key of the shown step),
     chosen (the key that a click sets), steps {key: {name, state, sign, reason, log, metrics: [[name, value]]}},
     metrics [[name, value]] of the run itself, problem.

   Everything in it comes from a run and may be hostile: it reaches the document by textContent alone. */
(() => {
  "use strict";
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});
  const NEAR = 24; // pixels from the end of a log within which it follows what is written

  function made(name, className, text = "") {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    return element;
  }

  function badge(state, sign, text) {
    const element = made("span", "rw-badge", `${sign} ${text}`);
    element.dataset.state = state;
    return element;
  }

  pages.renderRun = (model, element) => {
    const root = made("section", "rw");
    root.setAttribute("aria-label", "run");
    const head = made("header", "rw-head");
    const problem = made("p", "rw-problem");
    problem.setAttribute("role", "status");
    const drawing = made("div", "rw-graph");
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", "step");
    const state = made("span", "rw-state");
    const reason = made("pre", "rw-reason");
    const log = made("pre", "rw-log");
    log.tabIndex = 0;
    log.setAttribute("aria-label", "output of the step");
    const metrics = made("table", "rw-metrics");
    const bar = made("div", "rw-bar");
    bar.append(choice, state);
    const side = made("div", "rw-side");
    side.append(bar, reason, log, metrics);
    const body = made("div", "rw-body");
    body.append(drawing, side);
    root.append(head, problem, body);
    element.append(root);

    let drawn = null;
    let listed = "";
    let shownStep = null;

    function choose(key) {
      model.set("chosen", key);
      model.save_changes();
      showStep(key);
    }

    function showHead() {
      const facts = model.get("head");
      const counts = made("span", "rw-counts", facts.counts || "");
      head.replaceChildren(
        made("b", "", facts.kind || ""),
        made("code", "", facts.run || ""),
        badge(facts.state || "", facts.sign || "", facts.status || ""),
        counts,
      );
    }

    function showProblem() {
      problem.textContent = model.get("problem") ? `The store does not answer: ${model.get("problem")}` : "";
      problem.hidden = !model.get("problem");
    }

    function showGraph() {
      const graph = model.get("graph");
      if (!graph.steps) return;
      const list = JSON.stringify(graph.steps.map((step) => [step.key, step.name]));
      if (list !== listed) {
        listed = list;
        const options = graph.steps.map((step) => {
          const option = made("option", "", step.name);
          option.value = step.key;
          return option;
        });
        choice.replaceChildren(...options);
        choice.value = model.get("shown");
      }
      if (drawn) drawn.update(graph);
      else drawn = pages.drawGraph(drawing, graph, { onSelect: choose, label: "the steps of the run" });
    }

    function showStep(key = model.get("shown")) {
      const step = (model.get("steps") || {})[key];
      const known = (model.get("graph").steps || []).find((one) => one.key === key);
      choice.value = key;
      state.replaceChildren(...(known ? [badge(known.state, known.sign, known.state)] : []));
      reason.textContent = step ? step.reason : "";
      reason.hidden = !reason.textContent;
      const follows = key !== shownStep || log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
      const text = step ? step.log || "It has written nothing." : "The kernel is busy: the output comes when it is free.";
      if (log.textContent !== text) log.textContent = text;
      if (follows) log.scrollTop = log.scrollHeight;
      shownStep = key;
      const ofRun = (model.get("metrics") || []).map(([name, value]) => [`run: ${name}`, value]);
      const rows = [...(step ? step.metrics : []), ...ofRun].map(([name, value]) => {
        const row = document.createElement("tr");
        const title = made("th", "", name);
        title.scope = "row";
        row.append(title, made("td", "", value));
        return row;
      });
      metrics.replaceChildren(...rows);
      metrics.hidden = !rows.length;
    }

    const show = {
      "change:head": showHead,
      "change:graph": () => {
        showGraph();
        showStep(shownStep || undefined);
      },
      "change:steps": () => showStep(model.get("chosen") || undefined),
      "change:metrics": () => showStep(shownStep || undefined),
      "change:shown": () => showStep(model.get("chosen") || undefined),
      "change:problem": showProblem,
    };
    choice.addEventListener("change", () => choose(choice.value));
    showHead();
    showGraph();
    showStep();
    showProblem();
    for (const [event, call] of Object.entries(show)) model.on(event, call);
    return () => {
      for (const [event, call] of Object.entries(show)) model.off(event, call);
      if (drawn) drawn.destroy();
      root.remove();
    };
  };
})();
