/** Where a version may come from, in the order in which the sources are asked unless the user says another. */
export const SOURCES = ['release', 'tag', 'input', 'timestamp'] as const;
export type Source = (typeof SOURCES)[number];
