// What the tests ask a page; put in before its own scripts run.
window.probe = {
  changes: [],

  figures: () => [...document.querySelectorAll("figure.explorable")],

  figure: (id) => document.getElementById(id),

  /** Numbers on display, −∞ and its kin as text, because JSON has none. */
  outputs(id) {
    const plain = (x) => (Number.isFinite(x) ? x : String(x));
    return Object.fromEntries(Object.entries(probe.figure(id).explorable.outputs)
      .map(([name, { shape, data }]) => [name, { shape, data: Array.from(data, plain) }]));
  },

  /** Texts that a reader sees inside an element, each as the quadrilateral it covers on the screen. */
  texts(root) {
    const seen = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent.trim();
      const parent = node.parentElement;
      if (!text || !parent.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
      if (parent.closest("script, style, noscript, option, .tl-hidden, .modebar, title, desc, metadata")) continue;
      const svg = parent.closest("text");
      if (svg) {
        if (seen.some((other) => other.element === svg)) continue;
        const { x, y, width, height } = svg.getBBox();
        const matrix = svg.getScreenCTM();
        const corner = (u, v) => {
          const point = new DOMPoint(u, v).matrixTransform(matrix);
          return [point.x, point.y];
        };
        // Letters do not fill the line's height.
        const [top, bottom] = [y + 0.2 * height, y + 0.85 * height];
        const quad = [corner(x, top), corner(x + width, top), corner(x + width, bottom), corner(x, bottom)];
        seen.push({ element: svg, text: svg.textContent.trim(), quad });
        continue;
      }
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const { left, top, right, bottom, width } of range.getClientRects()) {
        if (width < 1) continue;
        const inset = 0.15 * (bottom - top);
        seen.push({
          element: parent, text,
          quad: [[left, top + inset], [right, top + inset], [right, bottom - inset], [left, bottom - inset]],
        });
      }
    }
    for (const input of root.querySelectorAll("input, select, button")) {
      if (!input.checkVisibility({ visibilityProperty: true })) continue;
      const { left, top, right, bottom, width } = input.getBoundingClientRect();
      if (width < 1 || input.closest(".tl-hidden, .tl-handles") || input.textContent.trim()) continue;
      seen.push({ element: input, text: `<${input.type}>`, quad: [[left, top], [right, top], [right, bottom], [left, bottom]] });
    }
    return seen;
  },

  /** Pairs of texts that cover each other by more than a hair. */
  overlaps(root, slack = 1.5) {
    const texts = probe.texts(root).map((text) => {
      const [xs, ys] = [0, 1].map((d) => text.quad.map((corner) => corner[d]));
      return { ...text, left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
    }).sort((one, other) => one.top - other.top);
    const found = [];
    texts.forEach((one, i) => {
      // Only those that begin before this one ends: an open table holds thousands.
      for (let j = i + 1; j < texts.length && texts[j].top < one.bottom; j++) {
        const other = texts[j];
        if (other.left >= one.right || one.left >= other.right) continue;
        // Where points lie, their names lie: a reader may drag one over another.
        if (one.element.closest(".textpoint") && other.element.closest(".textpoint") && one.element.closest("[data-kind=scatter]")) continue;
        if (one.element === other.element || one.element.contains(other.element) || other.element.contains(one.element)) continue;
        if (depth(one.quad, other.quad) > slack) found.push(`“${one.text}” over “${other.text}”`);
      }
    });
    return found;
  },

  /** Texts of charts that reach out of their chart, and texts that reach out of the window. */
  clipped(root, slack = 1.5) {
    const found = [];
    for (const { element, text, quad } of probe.texts(root)) {
      if (element.closest(".tl-table")) continue;
      const slot = element.closest(".tl-slot");
      const box = slot?.getBoundingClientRect() ?? { left: 0, right: innerWidth, top: -Infinity, bottom: Infinity };
      const out = quad.some(([x, y]) =>
        x < box.left - slack || x > box.right + slack || y < box.top - slack || y > box.bottom + slack);
      if (out) found.push(text);
    }
    return found;
  },

  /** What a reader could not read in a figure as it stands. */
  objections(id) {
    const figure = probe.figure(id);
    return [...probe.overlaps(figure), ...probe.clipped(figure).map((text) => `“${text}” is cut off`)];
  },
};

/** How far two convex quadrilaterals reach into each other: the smallest overlap along the normals of their sides. */
function depth(one, other) {
  let least = Infinity;
  for (const quad of [one, other]) {
    for (let i = 0; i < 4; i++) {
      const [[ax, ay], [bx, by]] = [quad[i], quad[(i + 1) % 4]];
      const length = Math.hypot(bx - ax, by - ay);
      if (length === 0) return 0;
      const normal = [(ay - by) / length, (bx - ax) / length];
      const along = (points) => points.map(([x, y]) => x * normal[0] + y * normal[1]);
      const [p, q] = [along(one), along(other)];
      least = Math.min(least, Math.min(Math.max(...p), Math.max(...q)) - Math.max(Math.min(...p), Math.min(...q)));
    }
  }
  return least;
}

document.addEventListener("change", (event) => probe.changes.push(event.target.id || event.target.tagName));
