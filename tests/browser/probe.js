// What the tests ask a page; put in before its own scripts run.
window.probe = {
  changes: [],

  figures: () => [...document.querySelectorAll("figure.explorable")],

  figure: (id) => document.getElementById(id),

  /** Is the figure live, or said to have failed? If its download stalls, it is asked for again. */
  awake(id) {
    const figure = probe.figure(id);
    if (["live", "failed"].includes(figure.dataset.state)) return true;
    figure.querySelector(".tl-again:not([hidden])")?.click();
    return false;
  },

  /**
   * What the page is at, in lines: whether it gets frames and idle moments, without which no figure becomes live, and each
   * figure that is not. One that loads and says nothing has all its files, and computes or waits for a frame.
   */
  async account() {
    const comes = (what, ask) => Promise.race([
      new Promise((resolve) => ask(() => resolve(`${what}: comes`))),
      new Promise((resolve) => setTimeout(() => resolve(`${what}: none within 1 s`), 1000)),
    ]);
    const beats = await Promise.all([
      comes("a frame", (tell) => requestAnimationFrame(tell)),
      comes("an idle moment", (tell) => requestIdleCallback(tell)),
      comes("word of what is on the screen", (tell) => new IntersectionObserver(tell).observe(document.body)),
    ]);
    const said = (figure) => [...figure.querySelectorAll("[role=status], .tl-amount, .tl-message, .tl-again:not([hidden])")].map((e) => e.textContent);
    const asleep = probe.figures().filter((figure) => figure.dataset.state !== "live");
    const figures = asleep.map((figure) => [`figure ${figure.id}: ${figure.dataset.state}`, ...said(figure)].filter(Boolean).join(" | "));
    return [`the page: ${document.visibilityState}`, ...beats, ...figures];
  },

  /** Numbers on display, −∞ and its kin as text, because JSON has none. */
  outputs(id) {
    const plain = (x) => (Number.isFinite(x) ? x : String(x));
    return Object.fromEntries(Object.entries(probe.figure(id).explorable.outputs)
      .map(([name, { shape, data }]) => [name, { shape, data: Array.from(data, plain) }]));
  },

  /** Texts that a reader sees inside an element, each as the quadrilateral it covers on the screen. */
  texts(root) {
    const seen = [];
    // One for all: each that lives is brought up to date at every change of the document, until it is collected.
    const range = document.createRange();
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

  /** Pairs of texts (of `texts`) that cover each other by more than a hair. */
  overlaps(seen, slack = 1.5) {
    const texts = seen.map((text) => {
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

  /** Texts of charts that reach out of their chart, and texts that reach out of the window; what scrolls may. */
  clipped(seen, slack = 1.5) {
    const found = [];
    for (const { element, text, quad } of seen) {
      if (element.closest(".tl-table, .tl-tree")) continue;
      const slot = element.closest(".tl-slot");
      const box = slot?.getBoundingClientRect() ?? { left: 0, right: innerWidth, top: -Infinity, bottom: Infinity };
      const out = quad.some(([x, y]) =>
        x < box.left - slack || x > box.right + slack || y < box.top - slack || y > box.bottom + slack);
      if (out) found.push(text);
    }
    return found;
  },

  /** Resolves once everything that was changed is painted. */
  painted: () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)))),

  /** Is every live chart as wide as its place, and drawn in the theme's ink? */
  drawn(dark) {
    const light = (colour) => Number.parseInt(colour.slice(1, 3), 16) > 127;
    return [...document.querySelectorAll(".js-plotly-plot")].every((chart) =>
      chart._fullLayout.width === chart.closest(".tl-view").clientWidth && light(chart.layout.font.color) === dark);
  },

  /** Has the theme brought up to date which boxes the Tab key stops at, which it does a while after a change of size? */
  reachable() {
    return [...document.querySelectorAll("pre, .cell_output > .output, .pst-scrollable-table-container")]
      .filter((box) => box.checkVisibility())
      .every((box) => (box.scrollWidth > box.clientWidth || box.scrollHeight > box.clientHeight) === (box.tabIndex === 0));
  },

  /** Has what a style sheet moves come to rest? Where it is on its way, texts stand where nobody will read them. */
  still: () => document.getAnimations().every((move) => !(move instanceof CSSTransition) || move.playState !== "running"),

  /** Notes under `name` where everything of the page's text ends, the insides of figures apart. */
  notePlaces(name) {
    noted[name] = [...document.querySelectorAll("main *")]
      .filter((e) => !e.closest("figure.explorable > *, svg") && e.checkVisibility() && e.getClientRects().length)
      .map((e) => ({ what: nameOf(e), bottom: e.getBoundingClientRect().bottom + scrollY }));
  },

  /** What stands elsewhere than when it was noted: its name and how far it went, or that something came or is gone. */
  moved(before, after) {
    const [one, other] = [noted[before], noted[after]];
    const odd = Array.from({ length: Math.max(one.length, other.length) }, (_, i) => i).find((i) => one[i]?.what !== other[i]?.what);
    if (odd !== undefined) return [`“${one[odd]?.what}” stood where “${other[odd]?.what}” stands`];
    return one.map(({ what, bottom }, i) => [what, other[i].bottom - bottom]).filter(([, by]) => Math.abs(by) > 2)
      .map(([what, by]) => `“${what}” by ${Math.round(by)} px`);
  },

  /**
   * Moves controls through `set`, and tells what came of it: the `values`, the `change` events, whether a number is
   * another than before (`changed`), the names of outputs that hold NaN or +∞ (`unfit`), what cannot be read.
   */
  async move(id, changes) {
    const { explorable } = probe.figure(id);
    const before = JSON.stringify(probe.outputs(id));
    probe.changes.splice(0);
    try {
      const values = await explorable.set(changes);
      const outputs = probe.outputs(id);
      return {
        values,
        changes: probe.changes.splice(0),
        changed: JSON.stringify(outputs) !== before,
        unfit: Object.keys(outputs).filter((name) => outputs[name].data.some((x) => x === "NaN" || x === "Infinity")),
        objections: probe.objections(id),
      };
    } catch ({ message }) {
      return { refused: message };
    }
  },

  /** The page's elements, their attributes and texts, and what of them can be seen, colours apart; of charts, the texts. */
  elements: () => [...document.querySelectorAll("body *")].filter((e) => !e.matches(".only-light, .only-dark")).map((e) => {
    const seen = e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    // The theme goes on to let the Tab key stop at a box that was wider than its place when it was last unfolded.
    const said = e.closest(".tl-slot *") ? [] : [...e.attributes].filter(({ name, value }) => name !== "style" && !(name === "tabindex" && (value === "-1" || !seen)));
    return `<${e.localName} ${said.map(({ name, value }) => `${name}="${value}"`).join(" ")}> ${ownText(e)} ${seen ? "is seen" : "is not"}`;
  }),

  /** How the page's elements differ from those that were first asked for in this size. */
  otherElements(size) {
    const now = probe.elements();
    const first = (noted[`elements ${size}`] ??= now);
    return Array.from({ length: Math.max(first.length, now.length) }, (_, i) => i)
      .filter((i) => first[i] !== now[i]).map((i) => `${first[i]} → ${now[i]}`);
  },

  /**
   * Which texts of figures stand elsewhere in their figures than when this was first asked for in this size; charts with
   * a legend apart, because plotly finds its margin only when it draws in the same size again.
   */
  otherPlaces(size) {
    const settled = ({ element }) => !element.closest(".tl-slot")?.querySelector(".legendtext");
    const now = probe.figures().flatMap((figure) => {
      const { left, top } = figure.getBoundingClientRect();
      return probe.texts(figure).filter(settled).map(({ text, quad: [[x, y]] }) => ({ text: `“${text}” of ${figure.id}`, at: [x - left, y - top] }));
    });
    const first = (noted[`places ${size}`] ??= now);
    const stays = (one, other) => one?.text === other?.text && one.at.every((x, d) => Math.abs(x - other.at[d]) <= 2);
    return Array.from({ length: Math.max(first.length, now.length) }, (_, i) => i)
      .filter((i) => !stays(first[i], now[i])).map((i) => `${JSON.stringify(first[i])} → ${JSON.stringify(now[i])}`);
  },

  /**
   * Texts of charts beside their marks whose ink stands out too little from the page, or from `paper` (axe does not look
   * into charts).
   */
  faint(seen, paper) {
    const light = (colour) => {
      const parts = colour.match(/[\d.]+/g).slice(0, 3).map((x) => x / 255).map((x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4));
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
    };
    const opaque = (e) => (!e || !/, 0\)$/.test(getComputedStyle(e).backgroundColor) ? e : opaque(e.parentElement));
    const found = [];
    for (const { element, text } of seen) {
      if (!element.closest(".xtick, .ytick, .legendtext, .g-xtitle, .g-ytitle, .bartext, [data-kind=scatter] .textpoint")) continue;
      paper ??= getComputedStyle(opaque(element.closest(".tl-slot")) ?? document.body).backgroundColor.replace("rgba(0, 0, 0, 0)", "rgb(255, 255, 255)"); // of all figures of a page alike
      const [low, high] = [getComputedStyle(element).fill, paper].map(light).sort((a, b) => a - b);
      if ((high + 0.05) / (low + 0.05) < 4.5) found.push(text);
    }
    return found;
  },

  /**
   * Each live chart on paper of this width: its kind, and what cannot be read of it. The page is narrowed and measured at
   * once, before anything in it can answer: so a browser prints.
   */
  onPaper(width) {
    document.body.style.width = `${width}px`;
    const { right } = document.body.getBoundingClientRect();
    const charts = [...document.querySelectorAll(".js-plotly-plot")].map((slot) => {
      const seen = probe.texts(slot);
      const faults = [...probe.clipped(seen), ...probe.overlaps(seen), ...probe.faint(seen, "rgb(255, 255, 255)")];
      const [place, drawn] = [slot, slot.querySelector(".main-svg")].map((e) => e.getBoundingClientRect());
      if (Math.abs(place.width - drawn.width) > 1 || place.bottom < drawn.bottom - 1) faults.push("the drawing does not fit its place");
      if (place.right > right) faults.push("the place is wider than the paper");
      return { name: `${slot.closest("figure").id} ${slot.closest(".tl-view").dataset.view}`, kind: slot.closest(".tl-view").dataset.kind, faults };
    });
    document.body.style.width = "";
    return charts;
  },

  /** What a reader could not read in a figure as it stands. */
  objections(id) {
    const seen = probe.texts(probe.figure(id));
    return [...probe.faint(seen).map((text) => `“${text}” is faint`), ...probe.overlaps(seen), ...probe.clipped(seen).map((text) => `“${text}” is cut off`)];
  },
};

const noted = {};

const ownText = (e) => [...e.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data.trim()).join(" ");

const nameOf = (e) => (e.id || `${e.localName} ${ownText(e)}`).slice(0, 60);

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
