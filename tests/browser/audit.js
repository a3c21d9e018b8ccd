// How axe-core is asked; put into a page after axe itself.
window.audit = {
  /**
   * Half of a chapter's elements are the words of its programs, and thousands of them differ in nothing but their text:
   * same class, in boxes of the same classes, painted alike. One of each stays an element and is audited; the others
   * become plain text, which takes the same place.
   */
  unwrapWords() {
    const known = new Set();
    const paint = (e) => {
      const style = getComputedStyle(e);
      const which = ["color", "backgroundColor", "backgroundImage", "fontSize", "fontWeight", "opacity", "position", "textShadow", "visibility"];
      return which.map((name) => style[name]).join();
    };
    const boxes = new Map();
    const chain = (e) => {
      if (!e) return "";
      if (!boxes.has(e)) boxes.set(e, `${e.localName}.${e.className} ${paint(e)}; ${chain(e.parentElement)}`);
      return boxes.get(e);
    };
    const alike = [...document.querySelectorAll("pre span[class]")].filter((e) => {
      if (e.childElementCount || e.attributes.length > 1) return false;
      const look = `${e.className} ${paint(e)}; ${chain(e.parentElement)}`;
      return known.has(look) || !known.add(look);
    });
    alike.forEach((e) => e.replaceWith(e.textContent));
  },

  /** What axe objects to inside these elements, as [rule, element, why]. */
  async run(inside, options) {
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
    const drawings = [...document.querySelectorAll(".tl-slot")].map((slot) => [slot, [...slot.childNodes]]);
    drawings.forEach(([slot]) => slot.replaceChildren());
    const { violations } = await axe.run({ include }, { ...options, resultTypes: ["violations"] });
    drawings.forEach(([slot, children]) => slot.replaceChildren(...children));
    delete document.createRange;
    const elsewhere = document.implementation.createHTMLDocument();
    ranges.forEach((range) => range.selectNodeContents(elsewhere.body));
    const markup = ([selector]) => document.querySelector(selector)?.outerHTML.slice(0, 300) ?? selector;
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => [id, markup(target), failureSummary]));
  },
};
