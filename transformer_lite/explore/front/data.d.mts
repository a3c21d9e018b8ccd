// data.mjs is written by bundle.py, from the catalogue and the palette: it is not stored, so that it cannot differ
// from them. Tools that read the modules find here what it exports.

/** Every sentence that a reader sees, by key (text/en.json). */
export const TEXT: Record<string, string>;

type Themed<Colour> = { light: Colour; dark: Colour };

/** Every colour (palette.py). */
export const PALETTE: {
  background: Themed<string>;
  roles: Record<string, Themed<string>>;
  sequential: Themed<string[]>;
  diverging: Themed<string[]>;
  categorical: Themed<string[]>;
  washed: Themed<string[]>;
  plain: Record<"ink" | "strong" | "paper" | "grid" | "rule" | "masked", Themed<string>>;
  cell_ink: Themed<string>;
  patch_line: string;
  dark_marks: string[];
};
