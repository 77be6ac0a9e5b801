/** One sample of the Prometheus text format. */
export interface MetricSample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/**
 * Reads the text exposition format (also OpenMetrics' plain samples). Lines that are none are left out.
 * Source: prometheus.io, "Exposition formats".
 */
export function parseMetrics(text: string): MetricSample[] {
  const samples: MetricSample[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const [, name, labels, value] =
      /^([a-zA-Z_:][\w:]*)\s*(\{.*\})?\s+(\S+)(?:\s+\S+)?(?:\s+#.*)?\s*$/.exec(line.trim()) ?? [];
    if (name === undefined) continue;
    samples.push({ name, labels: parseLabels(labels ?? '{}') ?? {}, value: numberOf(value!) });
  }
  return samples;
}

/** A metric as written in a check: `name` or `name{label="value"}`; undefined when it is neither. */
export function parseSelector(text: string): { name: string; labels: Record<string, string> } | undefined {
  const [, name, labels] = /^([a-zA-Z_:][\w:]*)\s*(\{.*\})?$/.exec(text.trim()) ?? [];
  const parsed = parseLabels(labels ?? '{}');
  return name === undefined || parsed === undefined ? undefined : { name, labels: parsed };
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

function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  const inner = text.slice(1, -1).trim().replace(/,$/, '');
  const one = /\s*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|$)/y;
  while (one.lastIndex < inner.length) {
    const match = one.exec(inner);
    if (!match) return undefined;
    labels[match[1]!] = match[2]!.replace(/\\(.)/g, (_whole, char: string) => (char === 'n' ? '\n' : char));
  }
  return labels;
}

function numberOf(text: string): number {
  if (/^\+?Inf$/i.test(text)) return Infinity;
  if (/^-Inf$/i.test(text)) return -Infinity;
  return Number(text);
}
