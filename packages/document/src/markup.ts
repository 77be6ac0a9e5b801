import { OutOfTime, within } from '@deploy-actions/kit';
import xpath from 'xpath';
import { readHtml } from './markup/html.ts';
import { type MarkupDocument, type MarkupNode, textOf } from './markup/node.ts';
import { readXml } from './markup/xml.ts';

/** An XPath expression that cannot be answered, or a document that cannot be asked; the message says why. */
export class XPathError extends Error {}

/** A page that is asked by XPath 1.0. */
export interface Markup {
  /**
   * A text, number or boolean as the expression gives, the string-value of the one node that it selects, a list of
   * them for several, undefined for none. Throws XPathError.
   */
  query(expression: string): unknown;
}

/** Milliseconds that one expression may take: a page can be made for expressions such as `//a[preceding::a]`. */
const LIMIT = 5000;

/**
 * Reads a page once, to ask it often. HTML is read as forgivingly as it is written; names of elements are in lower
 * case. XML must be well-formed. The prefixes in an expression are those of the document itself, and `_` is its
 * default namespace, as in Hurl. Throws XPathError.
 */
export function openMarkup(text: string, kind: 'html' | 'xml'): Markup {
  const limited = <T>(what: string, work: () => T): T => {
    try {
      return within(LIMIT, work);
    } catch (error) {
      if (error instanceof OutOfTime) throw new XPathError(`${what} within ${LIMIT / 1000} s`);
      throw new XPathError(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const { document, namespaces } = limited(
    `the ${kind === 'xml' ? 'XML document' : 'page'} cannot be read`,
    () =>
      kind === 'xml' ? readXml(text) : { document: readHtml(text), namespaces: new Map<string, string>() },
  );
  return {
    query: (expression) =>
      limited(`"${expression}" is no XPath that can be answered`, () =>
        answer(expression, document, namespaces),
      ),
  };
}

/** One expression, and a page that is asked no more. */
export function queryMarkup(text: string, kind: 'html' | 'xml', expression: string): unknown {
  return openMarkup(text, kind).query(expression);
}

function answer(
  expression: string,
  document: MarkupDocument,
  namespaces: ReadonlyMap<string, string | undefined>,
): unknown {
  if (/\bnamespace\s*::/.test(expression.replace(/"[^"]*"|'[^']*'/g, '""')))
    throw new XPathError('the axis "namespace" is not supported');
  const resolve = (prefix: string): string => {
    if (prefix === 'xml') return 'http://www.w3.org/XML/1998/namespace';
    const known = prefix === '_' ? '' : prefix;
    if (!namespaces.has(known))
      throw new XPathError(`the document has no namespace with the prefix "${prefix}"`);
    const uri = namespaces.get(known);
    if (uri === undefined)
      throw new XPathError(
        `the document has several namespaces with the prefix "${prefix}"; ask by local-name()`,
      );
    return uri;
  };
  const library = xpath as unknown as Library;
  const result = library.parse(expression).evaluate({ node: document, namespaces: resolve, isHtml: false });
  if (result instanceof library.XNumber) return result.numberValue();
  if (result instanceof library.XBoolean) return result.booleanValue();
  if (!(result instanceof library.XNodeSet)) return result.stringValue();
  const texts = result.toArray().map(textOf);
  return texts.length === 0 ? undefined : texts.length === 1 ? texts[0] : texts;
}

/** What is used of the library, whose own types know the DOM of browsers only. */
interface Library {
  parse(expression: string): { evaluate(options: object): Value };
  XNumber: Class;
  XBoolean: Class;
  XNodeSet: Class;
}

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- so that `instanceof` leaves the type as it is
type Class = any;

interface Value {
  booleanValue(): boolean;
  numberValue(): number;
  stringValue(): string;
  /** Of a set of nodes, in the order of the document. */
  toArray(): MarkupNode[];
}
