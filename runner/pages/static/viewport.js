/* A view of a large drawing: moved by drag and arrow keys, zoomed by wheel, pinch, buttons and keys.

   runnerPages.viewport(frame, drawing, {width, height, onZoom, top}) returns {fit(), show(x, y), resize(width, height)}.
   top() is the height in pixels at the top that is kept free.
   The drawing is moved by a transform alone: nothing of it is laid out or painted again while it moves. The wheel zooms
   once the frame has the focus or with Ctrl, so that it does not hold up a reader who scrolls the page. */
(() => {
  "use strict";
  const pages = (globalThis.runnerPages = globalThis.runnerPages || {});
  const LEAST = 0.02;
  const MOST = 3;
  const STEP = 60; // pixels of an arrow key
  const MARGIN = 16;
  const DRAG = 4; // pixels from which on a press is a drag and no click

  pages.viewport = (frame, drawing, options) => {
    let { width, height } = options;
    let [x, y, scale] = [0, 0, 1];
    let waiting = 0;
    let calm = 0;
    let fitted = true;
    const pointers = new Map();
    let dragged = false;

    function paint() {
      waiting = 0;
      drawing.style.transform = `translate(${x}px, ${y}px) scale(${scale})`;
    }

    function changed() {
      if (!waiting) waiting = requestAnimationFrame(paint);
      frame.classList.add("moving");
      clearTimeout(calm);
      calm = setTimeout(() => frame.classList.remove("moving"), 250);
    }

    /** Keep a part of the drawing in sight. */
    function bound() {
      const near = 60;
      x = Math.min(Math.max(x, near - width * scale), frame.clientWidth - near);
      y = Math.min(Math.max(y, near - height * scale), frame.clientHeight - near);
    }

    function move(right, down) {
      fitted = false;
      x += right;
      y += down;
      bound();
      changed();
    }

    function zoom(factor, atX = frame.clientWidth / 2, atY = frame.clientHeight / 2) {
      fitted = false;
      const next = Math.min(MOST, Math.max(LEAST, scale * factor));
      x = atX - ((atX - x) * next) / scale;
      y = atY - ((atY - y) * next) / scale;
      scale = next;
      options.onZoom?.(scale);
      bound();
      changed();
    }

    function fit() {
      const top = options.top?.() || 0;
      const room = [frame.clientWidth - 2 * MARGIN, frame.clientHeight - top - 2 * MARGIN];
      scale = Math.max(LEAST, Math.min(1, room[0] / Math.max(1, width), room[1] / Math.max(1, height)));
      x = (frame.clientWidth - width * scale) / 2;
      y = top + (frame.clientHeight - top - height * scale) / 2;
      fitted = true;
      options.onZoom?.(scale);
      changed();
    }

    /** Bring a place of the drawing to the middle, large enough to be read. */
    function show(atX, atY) {
      fitted = false;
      scale = Math.max(scale, 0.8);
      x = frame.clientWidth / 2 - atX * scale;
      y = frame.clientHeight / 2 - atY * scale;
      options.onZoom?.(scale);
      changed();
    }

    function place(event) {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    }

    function pinched(event) {
      const [one, other] = [...pointers.keys()].map((id) => (id === event.pointerId ? place(event) : pointers.get(id)));
      const [before, after] = [...pointers.values()];
      const spread = (a, b) => Math.max(1, Math.hypot(a[0] - b[0], a[1] - b[1]));
      zoom(spread(one, other) / spread(before, after), (one[0] + other[0]) / 2, (one[1] + other[1]) / 2);
    }

    frame.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || event.target.closest?.("button")) return;
      pointers.set(event.pointerId, place(event));
      dragged = false;
    });
    frame.addEventListener("pointermove", (event) => {
      const from = pointers.get(event.pointerId);
      if (!from) return;
      const to = place(event);
      if (!dragged && Math.hypot(to[0] - from[0], to[1] - from[1]) < DRAG) return;
      if (!dragged) frame.setPointerCapture(event.pointerId);
      dragged = true;
      if (pointers.size === 2) pinched(event);
      else move(to[0] - from[0], to[1] - from[1]);
      pointers.set(event.pointerId, to);
    });
    for (const name of ["pointerup", "pointercancel"]) {
      frame.addEventListener(name, (event) => pointers.delete(event.pointerId));
    }
    frame.addEventListener(
      "click",
      (event) => {
        if (dragged) event.preventDefault();
        if (dragged) event.stopPropagation();
        dragged = false;
      },
      true,
    );
    frame.addEventListener("mousedown", (event) => {
      if (event.target.closest?.("button")) return;
      event.preventDefault(); // the frame takes the focus, not the step under the pointer
      frame.focus({ preventScroll: true });
    });
    frame.addEventListener("dragstart", (event) => event.preventDefault());
    frame.addEventListener(
      "wheel",
      (event) => {
        if (!event.ctrlKey && !event.metaKey && !frame.contains(document.activeElement)) return;
        event.preventDefault();
        zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015) * (event.ctrlKey ? 3 : 1)), ...place(event));
      },
      { passive: false },
    );
    const keys = {
      ArrowLeft: () => move(STEP, 0),
      ArrowRight: () => move(-STEP, 0),
      ArrowUp: () => move(0, STEP),
      ArrowDown: () => move(0, -STEP),
      "+": () => zoom(1.25),
      "=": () => zoom(1.25),
      "-": () => zoom(0.8),
      0: fit,
    };
    frame.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    });
    const resized = new ResizeObserver(() => (fitted ? fit() : changed()));
    resized.observe(frame);
    fit();
    paint();
    return {
      fit,
      zoom,
      show,
      resize(wide, high) {
        [width, height] = [wide, high];
        fit();
      },
      destroy() {
        resized.disconnect();
        cancelAnimationFrame(waiting);
        clearTimeout(calm);
      },
    };
  };
})();
