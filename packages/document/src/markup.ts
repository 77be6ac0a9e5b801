import xpath from 'xpath';

/**
 * A node as the XPath library wants it: the few members of the DOM that it reads, and the HTML part of what
 * a browser would make of a page, enough to look for things in it.
 */
interface MarkupNode {
  nodeType: number;
  nodeName: string;
  localName: string;
  prefix: string | null;
  namespaceURI: string | null;
  nodeValue: string | null;
  data: string | null;
  parentNode: MarkupNode | null;
  ownerDocument: MarkupNode | null;
  ownerElement: MarkupNode | null;
  childNodes: MarkupNode[];
  attributes: MarkupNode[] & { item(index: number): MarkupNode | null };
  firstChild: MarkupNode | null;
  lastChild: MarkupNode | null;
  nextSibling: MarkupNode | null;
  previousSibling: MarkupNode | null;
  documentElement: MarkupNode | null;
  name: string;
  value: string | null;
}

const ELEMENT = 1;
const ATTRIBUTE = 2;
const TEXT = 3;
const DOCUMENT = 9;

/** What is wrong with an XPath expression. */
export class XPathError extends Error {}

/**
 * What an XPath 1.0 expression finds in a page: a text, number or boolean as the expression gives, the text
 * of the one node that it selects, a list of texts for several, undefined for none. HTML is read as
 * forgivingly as it is written; names of elements are in lower case. Throws XPathError.
 */
export function queryMarkup(text: string, kind: 'html' | 'xml', expression: string): unknown {
  let result: unknown;
  try {
    const document = parseMarkup(text, kind);
    result = xpath.select(expression, document as never);
  } catch (error) {
    throw new XPathError(
      `"${expression}" is no XPath that can be answered: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!Array.isArray(result)) return result;
  const texts = (result as unknown as MarkupNode[]).map(textOf);
  return texts.length === 0 ? undefined : texts.length === 1 ? texts[0] : texts;
}

function textOf(node: MarkupNode): string {
  if (node.nodeType === TEXT || node.nodeType === ATTRIBUTE) return node.nodeValue ?? '';
  return node.childNodes.map(textOf).join('');
}

const VOID = new Set([
  'area',
  'base',
  'br',
  'col',
  'embed',
  'hr',
  'img',
  'input',
  'link',
  'meta',
  'source',
  'track',
  'wbr',
]);
const RAW = new Set(['script', 'style', 'textarea', 'title']);
/** An element that starts closes an open one of these before it (HTML's optional end tags). */
const CLOSES: Record<string, string[]> = {
  li: ['li'],
  dt: ['dt', 'dd'],
  dd: ['dt', 'dd'],
  tr: ['tr', 'td', 'th'],
  td: ['td', 'th'],
  th: ['td', 'th'],
  option: ['option'],
  p: ['p'],
  div: ['p'],
  ul: ['p'],
  ol: ['p'],
  table: ['p'],
  form: ['p'],
  section: ['p'],
  h1: ['p'],
  h2: ['p'],
  h3: ['p'],
  body: ['head'],
};
/** An optional end tag never reaches out of these. */
const BARRIERS = new Set(['ul', 'ol', 'dl', 'table', 'select', 'body', 'html', 'div', 'section']);
const DEEPEST = 500;

function parseMarkup(text: string, kind: 'html' | 'xml'): MarkupNode {
  const html = kind === 'html';
  const document = Object.assign(makeNode(DOCUMENT, '#document', null), {
    // How the library asks whether names are to be compared without case.
    implementation: { hasFeature: () => html },
  });
  let open: MarkupNode = document;
  let depth = 0;
  const token =
    /<!--[\s\S]*?(?:-->|$)|<!\[CDATA\[([\s\S]*?)(?:\]\]>|$)|<[!?][^>]*>|<\/([a-zA-Z][^\s>]*)[^>]*>|<([a-zA-Z_][^\s/>]*)((?:"[^"]*"|'[^']*'|[^'">])*)>|[^<]+|</g;
  const close = (name: string) => {
    for (let node: MarkupNode | null = open; node && node !== document; node = node.parentNode) {
      if (node.nodeName !== name) continue;
      while (open !== node) up();
      up();
      return;
    }
  };
  const up = () => {
    open = open.parentNode ?? document;
    depth -= 1;
  };
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [whole, cdata, ending, starting, rest] = match;
    if (cdata !== undefined) append(open, makeNode(TEXT, '#text', cdata));
    else if (ending !== undefined) close(html ? ending.toLowerCase() : ending);
    else if (starting !== undefined) {
      const name = html ? starting.toLowerCase() : starting;
      if (html) closeOptional(name);
      if (depth >= DEEPEST) throw new Error(`nested deeper than ${DEEPEST} elements`);
      const element = makeNode(ELEMENT, name, null);
      addAttributes(element, rest ?? '', html);
      append(open, element);
      if (open === document) document.documentElement ??= element;
      const selfClosed = /\/\s*$/.test(rest ?? '');
      if (html ? VOID.has(name) : selfClosed) continue;
      open = element;
      depth += 1;
      if (html && RAW.has(name)) {
        const end = text.toLowerCase().indexOf(`</${name}`, token.lastIndex);
        const raw = text.slice(token.lastIndex, end < 0 ? undefined : end);
        if (raw !== '')
          append(element, makeNode(TEXT, '#text', name === 'script' || name === 'style' ? raw : decode(raw)));
        token.lastIndex = end < 0 ? text.length : end;
      }
    } else if (!whole.startsWith('<!') && !whole.startsWith('<?'))
      append(open, makeNode(TEXT, '#text', decode(whole)));
  }
  return document;

  function closeOptional(name: string): void {
    const closes = CLOSES[name];
    if (!closes) return;
    for (let node: MarkupNode | null = open; node && node !== document; node = node.parentNode) {
      if (closes.includes(node.nodeName)) {
        while (open !== node) up();
        up();
        node = { parentNode: open } as MarkupNode;
        // A row closes the cell and then the row before it.
        if (name !== 'tr') return;
        continue;
      }
      if (BARRIERS.has(node.nodeName)) return;
    }
  }

  function makeNode(nodeType: number, name: string, value: string | null): MarkupNode {
    const at = name.indexOf(':');
    return {
      nodeType,
      nodeName: name,
      name,
      localName: at < 0 ? name : name.slice(at + 1),
      prefix: at < 0 ? null : name.slice(0, at),
      namespaceURI: null,
      nodeValue: value,
      data: value,
      value,
      parentNode: null,
      ownerDocument: nodeType === DOCUMENT ? null : document,
      ownerElement: null,
      childNodes: [],
      attributes: attributeList(),
      firstChild: null,
      lastChild: null,
      nextSibling: null,
      previousSibling: null,
      documentElement: null,
    };
  }

  function append(parent: MarkupNode, node: MarkupNode): void {
    node.parentNode = parent;
    node.previousSibling = parent.lastChild;
    if (parent.lastChild) parent.lastChild.nextSibling = node;
    else parent.firstChild = node;
    parent.lastChild = node;
    parent.childNodes.push(node);
  }

  function addAttributes(element: MarkupNode, source: string, lower: boolean): void {
    for (const [, name, , double, single, bare] of source.matchAll(
      /([^\s"'<>/=]+)(\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?/g,
    )) {
      const attribute = makeNode(
        ATTRIBUTE,
        lower ? name!.toLowerCase() : name!,
        decode(double ?? single ?? bare ?? ''),
      );
      if (attribute.prefix === 'xmlns' || attribute.name === 'xmlns') continue;
      attribute.ownerElement = element;
      if (!element.attributes.some((one) => one.name === attribute.name)) element.attributes.push(attribute);
    }
  }
}

/** A list that answers `item()` too, as the DOM's NamedNodeMap does. */
function attributeList(): MarkupNode['attributes'] {
  const list: MarkupNode[] = [];
  return Object.assign(list, { item: (index: number) => list[index] ?? null });
}

const ENTITIES: Record<string, string> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
  copy: '©',
  ndash: '–',
  mdash: '—',
  hellip: '…',
  laquo: '«',
  raquo: '»',
  euro: '€',
};

function decode(text: string): string {
  return text.replace(
    /&(?:#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]+));/g,
    (whole, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return ENTITIES[name] ?? whole;
      const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
      return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : '\ufffd';
    },
  );
}
