// The buttons below a figure.
import { toFragment } from "./address.mjs";
import { csv, download, png, svg } from "./export.mjs";
import { tellOfWait } from "./loading.mjs";
import { said } from "./problem.mjs";
import { number, say } from "./text.mjs";

/** Each button names its tool; what an earlier one had to say goes, and what stops one is said. */
export function bindTools(figure) {
  for (const button of figure.element.querySelectorAll("[data-tool]")) {
    button.addEventListener("click", async () => {
      figure.say("");
      try {
        await TOOLS[button.dataset.tool](figure);
      } catch (reason) {
        figure.say(say("failed-tool", { tool: button.textContent, reason: said(reason) }), true);
      }
    });
  }
}

const TOOLS = {
  reset: (figure) => figure.reset(),

  async link(figure) {
    const link = `${location.href.split("#")[0]}#${toFragment([figure]) || figure.name}`;
    try {
      // There is no clipboard where the page came by http from another machine, or where the reader keeps it shut.
      await navigator.clipboard.writeText(link);
      figure.say(say("link-copied"));
    } catch {
      figure.say(say("link-shown", { link }));
    }
  },

  table(figure) {
    const place = figure.element.querySelector(".tl-table");
    place.hidden = !place.hidden;
    figure.element.querySelector("[data-tool=table]").textContent = say(place.hidden ? "table" : "table-hide");
    figure.drawing.drawTables();
  },

  csv(figure) {
    const { uncovered: { views, outputs }, controls, values } = figure.drawing;
    save(figure, "csv", new Blob([csv(views, outputs, controls, values)], { type: "text/csv" }));
  },

  async check(figure) {
    figure.say(say("checking"));
    try {
      const { passed, cases, worst } = await tellOfWait(figure.element, "loading-trace", figure.engine, figure.check());
      figure.say(say(passed ? "check-passed" : "check-failed", { cases, worst: number(worst) }), !passed);
    } catch (reason) {
      figure.say(say("failed-trace", { reason: said(reason) }), true);
    }
  },

  async svg(figure) {
    save(figure, "svg", new Blob([await svg(figure.drawing)], { type: "image/svg+xml" }));
  },

  async png(figure) {
    save(figure, "png", await png(await svg(figure.drawing)));
  },
};

const save = (figure, type, blob) => download(`${figure.name}.${type}`, blob);
