// A search, as a tree of words: one column a step.
import { PALETTE } from "../data.mjs";
import { number, say } from "../text.mjs";

// The same as in tree.py, and in the style sheet.
const GAP = 28;

/** Along the two dimensions of the scores, which way an arrow key goes. */
const TURNS = { ArrowLeft: "before", ArrowRight: "after", ArrowUp: "above", ArrowDown: "below" };

/**
 * A word at its place in the tree, after the node `before`; `row` is on the page, from the top.
 * @typedef {{ step: number, place: number, row: number, word: string, score: number, before?: TreeNode,
 *   dropped: boolean, tip: boolean, best: boolean, ended?: number }} TreeNode
 */

/** @type {ViewKind} */
export const tree = {
  draw(place, view, tensors, look, reader) {
    const box = place.querySelector(".tl-tree");
    const { nodes: found, columns, rows } = grown(view, tensors);
    const list = box.querySelector(".tl-nodes");
    // An element for each node that may come, so that the keyboard's focus stays where it is.
    if (!list.dataset.live) {
      list.dataset.live = "yes";
      for (const still of list.querySelectorAll(".tl-node")) still.remove();
      const [steps, places] = tensors[""].shape;
      list.append(...Array.from({ length: steps * places }, (_, i) => makeNode([Math.floor(i / places), i % places], reader)));
      if (reader.pick) list.addEventListener("keydown", turn);
      if (reader.pick) box.removeAttribute("tabindex");
    }
    const svg = list.querySelector("svg");
    svg.setAttribute("viewBox", `0 0 ${columns * 100} ${rows * 100}`);
    for (const path of svg.children) path.setAttribute("d", found.filter((node) => node.before && wayOf(node) === path.getAttribute("class")).map(way).join(""));
    const there = new Map(found.map((node) => [node.step * rows + node.place, node]));
    [...list.querySelectorAll(".tl-node")].forEach((element, i) => fill(element, there.get(i), look.labels[1]));
    const grew = Number(box.style.getPropertyValue("--tl-columns")) !== columns;
    box.style.setProperty("--tl-columns", columns);
    if (grew) box.scrollLeft = box.scrollWidth;
    markNodes(place, view, look);
  },

  mark: markNodes,

  svg(sheet, place, view, tensors) {
    const { nodes: found, columns, rows } = grown(view, tensors);
    // One column has the place of its words, or less where there are many.
    const column = Math.min(150, sheet.width / columns);
    const [em, high] = [Math.min(13, (column * (1 - GAP / 100)) / view.wide), column < 60 ? 34 : 58];
    const colour = (name) => PALETTE.plain[name].light;
    const ways = found.filter((node) => node.before).map((node) => {
      const look = { "": `stroke="${colour("rule")}"`, "tl-dropped": `stroke="${colour("rule")}" stroke-dasharray="2 3"`, "tl-best": `stroke="${PALETTE.roles.query.light}" stroke-width="3"` };
      return `<g transform="scale(${column / 100} ${high / 100})"><path vector-effect="non-scaling-stroke" fill="none" ${look[wayOf(node)]} d="${way(node)}"/></g>`;
    });
    const boxes = found.map((node) => {
      const [x, y] = [column * (node.step + GAP / 100), high * (node.row + 0.5)];
      const wide = column * (1 - GAP / 100);
      const texts = [node.word, twoDigits(node.score), ...(node.ended === undefined ? [] : [`■ ${twoDigits(node.ended)}`])];
      const tall = em * (1.25 * texts.length + 0.3);
      const line = node.dropped ? `stroke="${colour("rule")}" stroke-dasharray="2 2"` : `stroke="${colour("ink")}" stroke-width="${node.tip ? 2 : 0.8}"`;
      const lines = texts.map((text, i) => {
        const shown = text.replace(/[<>&]/g, (mark) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[mark]);
        const bold = `font-weight="bold"${node.best ? ' text-decoration="underline"' : ""}`;
        return `<text text-anchor="middle" x="${x + wide / 2}" y="${y - tall / 2 + em * 1.25 * (i + 0.9)}" font-size="${i ? em * 0.85 : em}" ${i ? "" : bold}>${shown}</text>`;
      });
      return `<rect x="${x}" y="${y - tall / 2}" width="${wide}" height="${tall}" rx="4" fill="${colour("paper")}" ${line}/>${lines.join("")}`;
    });
    const height = rows * high;
    sheet.picture(`<svg width="${sheet.width}" height="${height}">${ways.join("")}${boxes.join("")}</svg>`, height);
    sheet.text(view.keys.map((key) => say(key)).join("   "), 11);
  },

  sentence(view, tensor, labels, tensors) {
    const { nodes: found } = grown(view, tensors);
    const steps = Math.max(0, ...found.map(({ step }) => step + 1));
    const list = (nodes, score) => nodes.map((node) => `${pathOf(node)} (${number(score(node))})`).join("; ");
    const said = [say("summary-tree", { title: view.title, count: found.length, steps })];
    const tips = found.filter(({ tip }) => tip);
    if (tips.length) said.push(say("summary-tree-tips", { paths: list(tips, ({ score }) => score) }));
    if (found.length && !tensors.held && !tensors.ended) {
      const leaves = found.filter((node) => !found.some(({ before }) => before === node));
      said.push(say("summary-tree-leaves", { paths: list(leaves, ({ score }) => score) }));
    }
    const ended = found.filter((node) => node.ended !== undefined);
    if (ended.length) said.push(say("summary-tree-ended", { paths: list(ended, (node) => node.ended) }));
    const best = found.findLast((node) => node.best);
    if (best) said.push(say("summary-tree-best", { path: pathOf(best) }));
    return said.join(" ");
  },

  table(view, tensors, [sides, heads]) {
    const { nodes: found } = grown(view, tensors);
    const cell = (row, column) => {
      const node = found.find(({ step, place }) => step === row && place === column);
      return node ? told(node, heads) : "";
    };
    return { shape: tensors[""].shape, sides, heads, cell };
  },
};

/**
 * The nodes that are there, step after step, each step from the top; the same as in tree.py.
 * @type {(view: View, tensors: Parts) => { nodes: TreeNode[], columns: number, rows: number }}
 */
function grown(view, tensors) {
  const [steps, rows] = tensors[""].shape;
  const at = (part, step, place) => tensors[part].data[step * rows + place];
  const isThere = (step, place) => at("", step, place) > -Infinity;
  /** @type {TreeNode[]} */
  const nodes = [];
  let before = [];
  for (let step = 0; step < steps; step++) {
    const here = Array.from({ length: rows }, (_, place) => place).filter((place) => isThere(step, place));
    const parent = (place) => before[at("parents", step, place)];
    // Below one another as what they follow, so that no branches cross, and beside it, as far as there is room.
    here.sort((one, other) => (parent(one)?.row ?? 0) - (parent(other)?.row ?? 0) || one - other);
    const spare = rows - here.length;
    let free = 0;
    const made = [];
    here.forEach((place, i) => {
      const row = Math.min(Math.max(free, parent(place)?.row ?? Math.floor(spare / 2)), spare + i);
      free = row + 1;
      const ended = tensors.ended ? at("ended", step, place) : -Infinity;
      const held = tensors.held ? at("held", step, place) : 1;
      made[place] = {
        step, place, row,
        word: view.words[at("tokens", step, place)],
        score: at("", step, place),
        before: parent(place),
        dropped: held === 0,
        tip: held === 2,
        best: Boolean(tensors.best && at("best", step, place)),
        ended: ended > -Infinity ? ended : undefined,
      };
      nodes.push(made[place]);
    });
    before = made;
  }
  return { nodes, columns: Math.max(1, ...nodes.map(({ step }) => step + 1)), rows };
}

/** At most two decimals: there is little room for it. */
const twoDigits = (x) => number(Math.round(x * 100) / 100);

/** All words from the root on. @type {(node: TreeNode) => string} */
const pathOf = ({ before, word }) => (before ? `${pathOf(before)} ${word}` : word);

/** @type {(node: TreeNode) => string} */
const wayOf = ({ dropped, best }) => (dropped ? "tl-dropped" : best ? "tl-best" : "");

/**
 * The branch from the node before, in hundredths of a column and of a row.
 * @param {TreeNode} node
 */
function way({ step, row, before }) {
  const [left, top, bottom] = [100 * step, 100 * before.row + 50, 100 * row + 50];
  const middle = left + GAP / 2;
  return `M${left} ${top}C${middle} ${top} ${middle} ${bottom} ${left + GAP} ${bottom}`;
}

/** A node in words: what it is, what it follows, and what its looks say. */
function told(node, places) {
  const said = [`${node.word} ${number(node.score)}`];
  if (node.before) said.push(say("tree-after", { word: node.before.word, place: places[node.before.place] }));
  if (node.tip) said.push(say("tree-tip"));
  if (node.dropped) said.push(say("tree-dropped"));
  if (node.best) said.push(say("tree-best"));
  if (node.ended !== undefined) said.push(say("tree-ended-at", { score: number(node.ended) }));
  return said.join(", ");
}

/** @type {(place: number[], reader: Reader) => Markup} */
function makeNode(indices, { pick, hover }) {
  const node = /** @type {Markup} */ (document.createElement(pick ? "button" : "span"));
  node.className = "tl-node";
  node.append(document.createElement("b"), " ", document.createElement("i"), document.createElement("small"));
  if (pick) {
    node.type = "button";
    node.addEventListener("click", () => pick(indices));
  }
  node.indices = indices;
  node.addEventListener("pointerenter", () => hover(indices));
  node.addEventListener("pointerleave", () => hover([]));
  return node;
}

/** Puts a node on its element; `undefined` hides that. */
function fill(element, node, places) {
  element.hidden = !node;
  element.node = node;
  if (!node) return;
  element.style.gridArea = `${node.row + 1}/${node.step + 1}`;
  for (const mark of ["dropped", "tip", "best"]) element.classList.toggle(`tl-${mark}`, node[mark]);
  const [word, score, ended] = element.children;
  word.textContent = node.word;
  score.textContent = twoDigits(node.score);
  ended.hidden = node.ended === undefined;
  ended.textContent = ended.hidden ? "" : `■ ${twoDigits(node.ended)}`;
  if (element.type) element.title = told(node, places);
}

/** @type {NonNullable<ViewKind["mark"]>} */
function markNodes(place, view, { marks }) {
  const elements = [...place.querySelectorAll(".tl-nodes .tl-node")].filter((element) => element.indices);
  const lies = (where, { indices }) => where.length > 0 && where.every(({ dimension, index }) => indices[dimension] === index);
  for (const element of elements) {
    element.classList.toggle("tl-hovered", lies(marks.hover, element));
    element.classList.toggle("tl-picked", lies(marks.picked, element));
    if (element.type) element.setAttribute("aria-pressed", lies(marks.picked, element));
  }
  reach(elements, elements.find((element) => !element.hidden && element === document.activeElement)
    ?? elements.find((element) => !element.hidden && lies(marks.picked, element)) ?? elements.find((element) => !element.hidden));
}

/** The Tab key stops at one node; the arrow keys go on from there. */
function reach(elements, one) {
  for (const element of elements) if (element.type) element.tabIndex = element === one ? 0 : -1;
}

/** An arrow key goes to the node before, to the first after, or to the next above or below. */
function turn(event) {
  const from = event.target.closest(".tl-node")?.node;
  const way = TURNS[event.key];
  if (!from || !way) return;
  event.preventDefault();
  const elements = [...event.currentTarget.querySelectorAll(".tl-node")];
  const there = elements.filter((element) => !element.hidden).sort((one, other) => one.node.row - other.node.row);
  const column = there.filter(({ node }) => node.step === from.step);
  const at = column.findIndex(({ node }) => node === from);
  const to = {
    before: there.find(({ node }) => node === from.before),
    after: there.find(({ node }) => node.before === from),
    above: column[at - 1],
    below: column[at + 1],
  }[way];
  if (!to) return;
  reach(elements, to);
  to.focus();
}
