// sizes.mjs is written by the site's build, beside site.mjs.

/** The bytes of the runtime's files, by name. */
export const SIZES: Record<string, number>;
