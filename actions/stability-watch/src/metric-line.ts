import { FieldError, quote } from '@deploy-actions/kit';
import { parseSelector } from '@deploy-actions/probe/inputs';

/** A figure and what must hold of it. */
export interface Metric {
  /** The line as it was written, without user and password of its address. */
  text: string;
  /** What is asked: PromQL of Prometheus, or a selector of what an address shows in the text format. */
  source: { kind: 'promql'; query: string } | { kind: 'page'; url: string; selector: Selector };
  operator: keyof typeof HOLDS;
  bound: number;
}

export interface Selector {
  name: string;
  labels: Record<string, string>;
}

const HOLDS = {
  '<=': (value: number, bound: number) => value <= bound,
  '>=': (value: number, bound: number) => value >= bound,
  '==': (value: number, bound: number) => value === bound,
  '!=': (value: number, bound: number) => value !== bound,
  '<': (value: number, bound: number) => value < bound,
  '>': (value: number, bound: number) => value > bound,
};

/** Reads `PROMQL < 0.5`, or `http://host:port/metrics name{label="value"} < 0.5`. Throws FieldError. */
export function parseMetricLine(line: string): Metric {
  const [, left, operator, bound] =
    /^(.*?\S)\s*(<=|>=|==|!=|<|>)\s*([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)$/.exec(line) ?? [];
  if (left === undefined)
    throw new FieldError(`${quote(line)} does not end with what must hold`, {
      remedy: 'Write such as `sum(rate(errors_total[1m])) < 0.5`.',
    });
  const rule = { operator: operator as Metric['operator'], bound: Number(bound) };
  const [, url, selector] = /^(https?:\/\/\S+)\s+(\S.*)$/i.exec(left) ?? [];
  if (url === undefined) return { text: line, source: { kind: 'promql', query: left }, ...rule };
  if (!URL.canParse(url)) throw new FieldError(`${quote(url)} is no address`);
  const parsed = parseSelector(selector!);
  if (parsed === undefined)
    throw new FieldError(`${quote(selector!)} is no metric`, {
      remedy: 'Write name or name{label="value"}.',
    });
  const text = line.replace(/\/\/[^/@\s]*@/, '//');
  return { text, source: { kind: 'page', url, selector: parsed }, ...rule };
}

/** Whether what must hold of the figure holds. */
export function holds({ operator, bound }: Pick<Metric, 'operator' | 'bound'>, value: number): boolean {
  return HOLDS[operator](value, bound);
}
