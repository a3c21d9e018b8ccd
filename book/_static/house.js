// Boxes that scroll sideways (wide formulas, code, tables) can be reached and moved by keyboard, while they scroll.
{
  const boxes = document.querySelectorAll(".katex-display, .highlight pre, .cell_output .output, .pst-scrollable-table-container");
  const update = (box) => {
    if (box.scrollWidth > box.clientWidth + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  };
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => update(target)));
  boxes.forEach((box) => watch.observe(box));
}
