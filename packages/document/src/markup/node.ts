/** A node as the XPath library wants it: the few members of the DOM that it reads. */
export interface MarkupNode {
  nodeType: number;
  nodeName: string;
  localName: string;
  prefix: string | null;
  namespaceURI: string | null;
  nodeValue: string | null;
  data: string | null;
  parentNode: MarkupNode | null;
  ownerDocument: MarkupDocument | null;
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
  /** The value of an attribute; `lang()` asks for `xml:lang`. */
  getAttributeNS(this: MarkupNode, namespace: string, localName: string): string | null;
}

export interface MarkupDocument extends MarkupNode {
  getElementById(id: string): MarkupNode | null;
  /** The elements by their identifiers; of two with the same the first counts. */
  identified: Map<string, MarkupNode>;
}

export const ELEMENT = 1;
export const ATTRIBUTE = 2;
export const TEXT = 3;
export const INSTRUCTION = 7;
export const COMMENT = 8;
const DOCUMENT = 9;

/** Elements inside each other, at most: what is deeper than that was made to exhaust somebody. */
const DEEPEST = 500;

export function makeDocument(): MarkupDocument {
  const identified = new Map<string, MarkupNode>();
  return Object.assign(blankNode(DOCUMENT, '#document'), {
    identified,
    getElementById: (id: string) => identified.get(id) ?? null,
  });
}

export interface NodeName {
  name: string;
  localName?: string;
  prefix?: string;
  namespace?: string;
}

function blankNode(nodeType: number, name: string): MarkupNode {
  const attributes: MarkupNode[] = [];
  return {
    nodeType,
    nodeName: name,
    name,
    localName: name,
    prefix: null,
    namespaceURI: null,
    nodeValue: null,
    data: null,
    value: null,
    parentNode: null,
    ownerDocument: null,
    ownerElement: null,
    childNodes: [],
    attributes: Object.assign(attributes, { item: (index: number) => attributes[index] ?? null }),
    firstChild: null,
    lastChild: null,
    nextSibling: null,
    previousSibling: null,
    documentElement: null,
    getAttributeNS,
  };
}

function getAttributeNS(this: MarkupNode, namespace: string, localName: string): string | null {
  const found = this.attributes.find((one) => one.namespaceURI === namespace && one.localName === localName);
  return found?.value ?? null;
}

/** Puts a document together in the order in which its parts are read. */
export function builder() {
  const document = makeDocument();
  const open: MarkupNode[] = [document];
  const made = (nodeType: number, name: NodeName, value: string | null): MarkupNode => ({
    ...blankNode(nodeType, name.name),
    localName: name.localName ?? name.name,
    prefix: name.prefix || null,
    namespaceURI: name.namespace || null,
    nodeValue: value,
    data: value,
    value,
    ownerDocument: document,
  });
  const append = (node: MarkupNode) => {
    const parent = open.at(-1)!;
    node.parentNode = parent;
    node.previousSibling = parent.lastChild;
    if (parent.lastChild) parent.lastChild.nextSibling = node;
    else parent.firstChild = node;
    parent.lastChild = node;
    parent.childNodes.push(node);
  };
  return {
    document,
    /** The elements that are open, the document first. */
    open,
    element(name: NodeName): MarkupNode {
      if (open.length > DEEPEST) throw new Error(`nested deeper than ${DEEPEST} elements`);
      const element = made(ELEMENT, name, null);
      append(element);
      if (open.length === 1) document.documentElement ??= element;
      open.push(element);
      return element;
    },
    attribute(element: MarkupNode, name: NodeName, value: string): void {
      const attribute = made(ATTRIBUTE, name, value);
      attribute.ownerElement = element;
      element.attributes.push(attribute);
    },
    identify(id: string, element: MarkupNode): void {
      if (!document.identified.has(id)) document.identified.set(id, element);
    },
    /** Text that follows text is one text. */
    text(value: string): void {
      const last = open.at(-1)!.lastChild;
      if (last?.nodeType === TEXT) last.nodeValue = last.data = last.value = `${last.value}${value}`;
      else append(made(TEXT, { name: '#text' }, value));
    },
    comment: (value: string) => append(made(COMMENT, { name: '#comment' }, value)),
    instruction: (target: string, value: string) => append(made(INSTRUCTION, { name: target }, value)),
    /** Closes elements until this one is closed. */
    close(element: MarkupNode): void {
      const at = open.lastIndexOf(element);
      if (at > 0) open.length = at;
    },
  };
}

export type Builder = ReturnType<typeof builder>;

/** The string-value of a node (XPath 1.0, section 5): of an element, the text in it without comments. */
export function textOf(node: MarkupNode): string {
  if (node.nodeType !== ELEMENT && node.nodeType !== DOCUMENT) return node.nodeValue ?? '';
  const texts: string[] = [];
  const visit = (one: MarkupNode) => {
    if (one.nodeType === TEXT) texts.push(one.nodeValue ?? '');
    else if (one.nodeType === ELEMENT || one.nodeType === DOCUMENT) one.childNodes.forEach(visit);
  };
  visit(node);
  return texts.join('');
}
