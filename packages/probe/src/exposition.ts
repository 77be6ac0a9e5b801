/** One sample of the Prometheus text format. */
export interface MetricSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** A page that is not in the text format; the message is the end of a sentence about it. */
export class ExpositionError extends Error {}

/**
 * Reads the text exposition format, and OpenMetrics' text: its timestamps and exemplars are left out. Throws an
 * ExpositionError for a line that is neither a sample nor a comment, as Prometheus refuses the whole page for one: what
 * is left out of a sum would make it another figure. Source: prometheus.io, "Exposition formats"; OpenMetrics 1.0.
 */
export function parseMetrics(text: string): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const [at, whole] of text.split('\n').entries()) {
    const line = whole.trim();
    if (line === '' || line.startsWith('#')) continue;
    const series = seriesAt(line, 0);
    VALUE.lastIndex = series?.end ?? 0;
    const [, written] = (series && VALUE.exec(line)) ?? [];
    const value = written === undefined ? undefined : numberOf(written);
    if (!series || value === undefined)
      throw new ExpositionError(`line ${at + 1} is neither a sample nor a comment of the text format`);
    samples.push({ name: series.name, labels: series.labels, value });
  }
  return samples;
}

/** A value, perhaps a timestamp, and perhaps an exemplar. */
const VALUE = /[ \t]*([^\s#]+)(?:[ \t]+-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)?(?:[ \t]+#[ \t].*)?$/iy;

/** A metric as written in a check: `name` or `name{label="value"}`; undefined when it is neither. */
export function parseSelector(text: string): { name: string; labels: Record<string, string> } | undefined {
  const trimmed = text.trim();
  const series = seriesAt(trimmed, 0);
  return series?.end === trimmed.length ? { name: series.name, labels: series.labels } : undefined;
}

/** The sum of the samples that a selector fits; undefined when none does. */
export function metricValue(
  samples: readonly MetricSample[],
  selector: { name: string; labels: Record<string, string> },
): number | undefined {
  const fitting = samples.filter(
    ({ name, labels }) =>
      name === selector.name &&
      Object.entries(selector.labels).every(([key, value]) => labels[key] === value),
  );
  return fitting.length === 0 ? undefined : fitting.reduce((sum, { value }) => sum + value, 0);
}

const NAME = /([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*/y;
const OPEN = /\{[ \t]*/y;
/** A name of a label, in quotes where it holds other characters; a name in quotes without a value is the metric's. */
const LABEL = /(?:([a-zA-Z_][a-zA-Z0-9_]*)|"((?:[^"\\]|\\.)*)")[ \t]*(?:=[ \t]*"((?:[^"\\]|\\.)*)"[ \t]*)?/y;
const COMMA = /,[ \t]*/y;
const CLOSE = /\}/y;

/** Name and labels at a place of a text, and where they end; undefined where there are none. */
function seriesAt(
  text: string,
  start: number,
): { name: string; labels: Record<string, string>; end: number } | undefined {
  let at = start;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match) at = pattern.lastIndex;
    return match;
  };
  let name = take(NAME)?.[1];
  // Without a prototype: a page may name a label as it likes.
  const labels = Object.create(null) as Record<string, string>;
  if (!take(OPEN)) return name === undefined ? undefined : { name, labels, end: endOf(text, at) };
  while (!take(CLOSE)) {
    const match = take(LABEL);
    if (!match) return undefined;
    const [, bare, quoted, value] = match;
    if (value !== undefined) labels[bare ?? unescaped(quoted!)] = unescaped(value);
    else if (name === undefined && quoted !== undefined) name = unescaped(quoted);
    else return undefined;
    if (!take(COMMA)) {
      if (!take(CLOSE)) return undefined;
      break;
    }
  }
  return name === undefined ? undefined : { name, labels, end: at };
}

/** Spaces behind a name belong to what follows. */
function endOf(text: string, at: number): number {
  let end = at;
  while (end > 0 && /[ \t]/.test(text[end - 1]!)) end -= 1;
  return end;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/g, (_whole, char: string) => (char === 'n' ? '\n' : char));
}

/** As Go reads numbers, in which both are written; undefined for what is none. */
function numberOf(text: string): number | undefined {
  if (/^[-+]?(?:inf|infinity)$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^[-+]?nan$/i.test(text)) return NaN;
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : undefined;
}
