import type { Markup } from '@deploy-actions/document/markup';
import { NOTHING, NodeSet } from '../answer/value.ts';
import { EvaluationError, floatOf } from './value.ts';

/** Reads a page once, to ask it often. Throws EvaluationError. */
export async function openPage(text: string, kind: 'html' | 'xml'): Promise<Markup> {
  const { XPathError, openMarkup } = await import('@deploy-actions/document/markup');
  const unanswerable = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (error instanceof XPathError) throw new EvaluationError(error.message, { cause: error });
      throw error;
    }
  };
  const page = unanswerable(() => openMarkup(text, kind));
  return { query: (expression) => unanswerable(() => page.query(expression)) };
}

/** What an XPath gives: a text, boolean or float, or the number of nodes that it selects. Throws EvaluationError. */
export function xpathValue(page: Markup, expression: string): unknown {
  let count: unknown;
  try {
    // Only nodes can be counted: so they are told from the values of a function.
    count = page.query(`count(${expression})`);
  } catch (error) {
    if (!(error instanceof EvaluationError)) throw error;
  }
  if (typeof count === 'number') return new NodeSet(count);
  const value = page.query(expression);
  return typeof value === 'number' ? floatOf(value) : (value ?? NOTHING);
}
