// How axe-core is asked; put into a page after axe itself.
window.audit = {
  /**
   * Half of a chapter's elements are the words of its programs, and thousands of them differ in nothing but their text:
   * same class, in boxes of the same classes, painted alike. One of each stays an element and is audited; the others
   * become plain text, which takes the same place.
   */
  unwrapWords() {
    const look = looks();
    const words = [...document.querySelectorAll("pre span[class]")].filter((e) => !e.childElementCount && e.attributes.length < 2);
    repeated(words, look).forEach((e) => e.replaceWith(e.textContent));
  },

  /**
   * What axe objects to inside the elements of these selectors, as [rule, element, why]; and the looks of what the rules
   * on colours were asked of: one text of each that are painted alike, and none that looks like one of `known`.
   */
  async run(inside, options, { known, colours }) {
    const looked = new Set(known);
    const asked = newlyPainted(inside.flatMap((selector) => [...document.querySelectorAll(selector)]), looked);
    asked.forEach((e) => e.toggleAttribute("data-asked", true));
    axe.configure({ rules: colours.map((id) => ({ id, selector: `${id === "link-in-text-block" ? "a[href]" : ""}[data-asked]` })) });
    // Writing down the markup of every element takes a third of the time; only what is objected to needs it.
    axe.configure({ noHtml: true });
    // It leaves a range for each text, which every later change of the page would have to bring up to date.
    const ranges = [];
    document.createRange = () => {
      ranges.push(Document.prototype.createRange.call(document));
      return ranges.at(-1);
    };
    const include = inside.filter((selector) => document.querySelector(selector)).map((selector) => [selector]);
    // Axe has nothing to say of what is drawn inside a picture (its place in the page has a role and a name), but would
    // measure every mark of it; each place keeps its size while it is empty.
    const emptied = [...document.querySelectorAll(".tl-slot")];
    // Rows of a figure's numbers differ in nothing but their texts, too: one of each is audited, the others are empty.
    const look = looks();
    const cells = (row) => `${row.outerHTML.replace(/>[^<]*/g, ">")} ${[row, ...row.children].map(look).join()}`;
    for (const body of document.querySelectorAll(".tl-table tbody")) emptied.push(...repeated([...body.children], cells));
    const contents = emptied.map((e) => [...e.childNodes]);
    emptied.forEach((e) => e.replaceChildren());
    const { violations } = await axe.run({ include }, { ...options, resultTypes: ["violations"] });
    emptied.forEach((e, i) => e.replaceChildren(...contents[i]));
    const markup = ([selector]) => document.querySelector(selector)?.outerHTML.slice(0, 300) ?? selector;
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => [id, markup(target), failureSummary]));
    asked.forEach((e) => e.removeAttribute("data-asked"));
    delete document.createRange;
    const elsewhere = document.implementation.createHTMLDocument();
    ranges.forEach((range) => range.selectNodeContents(elsewhere.body));
    return { found, looks: [...looked].slice(known.length) };
  },
};

/** Of the texts, links and fields inside these elements, one of each that are painted as none known; they are known then. */
function newlyPainted(roots, known) {
  const look = looks();
  const texts = new Set(roots.flatMap((root) => [root, ...root.querySelectorAll("*")]));
  return [...texts].filter((e) => {
    const shows = e.matches("a[href], input, select, textarea") || [...e.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    return shows && e.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && !known.has(look(e)) && known.add(look(e));
  });
}

/**
 * What tells how an element is painted: its name and classes, its colours and letters, and those of all boxes around it.
 * A look is short, 64 bits of all that: the tests keep those of every page.
 */
function looks() {
  const which = ["color", "backgroundColor", "backgroundImage", "fontSize", "fontWeight", "opacity", "position", "textDecorationLine", "textShadow", "visibility"];
  const known = new Map();
  const look = (e) => {
    if (!e) return "";
    if (!known.has(e)) {
      const style = getComputedStyle(e);
      known.set(e, digest(`${e.localName}.${e.className} ${which.map((name) => style[name]).join()}; ${look(e.parentElement)}`));
    }
    return known.get(e);
  };
  return look;
}

/** Two hashes of 32 bits (FNV-1a, with two starts), as one text. */
function digest(text) {
  let [one, other] = [0x811c9dc5, 0x01000193];
  for (let i = 0; i < text.length; i++) {
    one = Math.imul(one ^ text.charCodeAt(i), 0x01000193);
    other = Math.imul(other ^ text.charCodeAt(i), 0x5bd1e995);
  }
  return (one >>> 0).toString(36) + (other >>> 0).toString(36);
}

/** Those of the elements that look like one before them. */
function repeated(elements, look) {
  const known = new Set();
  return elements.filter((e) => known.has(look(e)) || !known.add(look(e)));
}
