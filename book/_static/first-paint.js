// Light or dark, decided before anything is painted: the reader's choice, or else the system's.
{
  const remembered = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage is switched off
    }
  };
  const mode = ["light", "dark"].includes(remembered("mode")) ? remembered("mode") : "auto";
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.mode = mode;
  document.documentElement.dataset.theme = mode === "auto" ? (dark ? "dark" : "light") : mode;
}
