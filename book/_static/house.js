// Boxes that scroll sideways (wide formulas, code, tables) can be reached and moved by keyboard, while they scroll.
{
  const boxes = document.querySelectorAll(".katex-display, .highlight pre, .cell_output .output, .pst-scrollable-table-container");
  const update = (box) => {
    // To the pixel, as the theme has it: two that disagree would leave it to chance.
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
  boxes.forEach((box) => watch.observe(box));
  // Letters of another width do not change the size of their box.
  document.fonts.ready.then(() => boxes.forEach(update));
}
// Paper is white, and what is folded on it stays so: while a page is printed it is light, and its code unfolded.
{
  const root = document.documentElement;
  let restore;
  addEventListener("beforeprint", () => {
    if (restore) return;
    const { theme } = root.dataset;
    const folded = [...document.querySelectorAll("details.hide, details.looks")].filter(({ open }) => !open);
    root.dataset.theme = "light";
    folded.forEach((details) => { details.open = true; });
    restore = () => {
      root.dataset.theme = theme;
      folded.forEach((details) => { details.open = false; });
    };
  });
  addEventListener("afterprint", () => {
    restore?.();
    restore = undefined;
  });
}

// Browsers keep modules and fonts from a page that was opened as a file; the page says what to do.
if (location.protocol === "file:") document.querySelector(".house-file")?.removeAttribute("hidden");
