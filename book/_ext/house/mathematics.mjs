// Formulas in, HTML out: one JSON object a line, {tex, display} → {html} or {error}.
import { createInterface } from "node:readline";
import katex from "katex";

// Chinese words may stand in formulas; anything else that is not LaTeX is an error that the author should see.
const strict = (code) => (code === "unicodeTextInMathMode" ? "ignore" : "error");

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, { displayMode: display, output: "htmlAndMathml", strict }) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
