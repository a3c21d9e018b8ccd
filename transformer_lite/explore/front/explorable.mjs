// What other scripts of the page may ask of a figure: copies of all that it shows, and to move and check it.

export function explorable(figure) {
  return {
    get controls() {
      const current = ([key, control]) => [key, { ...control, value: figure.values[key] }];
      return Object.fromEntries(Object.entries(figure.controls).map(current));
    },
    get values() { return { ...figure.values }; },
    get outputs() {
      const plain = ([key, { shape, data }]) => [key, { shape: [...shape], data: Array.from(data) }];
      return Object.fromEntries(Object.entries(figure.drawing.outputs).map(plain));
    },
    set: (changes) => figure.set(changes),
    check: () => figure.check(),
  };
}
