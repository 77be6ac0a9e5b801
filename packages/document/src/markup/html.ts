import { QuoteType, Tokenizer } from 'htmlparser2';
import { type MarkupDocument, type MarkupNode, builder } from './node.ts';
import { OF_HEAD, VOID, endsBefore, weightOf } from './tag.ts';

/** Attributes without a value that libxml2 gives their own name for one. */
const FLAGS = new Set(
  'checked compact declare defer disabled ismap multiple nohref noresize noshade nowrap readonly selected'.split(
    ' ',
  ),
);

/**
 * The elements of a page as libxml2 makes them (and with it Hurl and xmllint) out of the tags, texts and entities that
 * HTML's own rules find: `html`, `head` and `body` stand there also where the page leaves them out, and bare text
 * outside of them is a paragraph; `tbody` stands there only where it is written, unlike in a browser. No element has a
 * namespace, and what follows `</body>` belongs to the body.
 */
export function readHtml(text: string): MarkupDocument {
  const { document, open, ...build } = builder();
  const root: { html?: MarkupNode; head?: MarkupNode; body?: MarkupNode } = {};
  const top = () => open.at(-1)!;
  let pending = '';
  let tag = '';
  let attributes: [name: string, value: string][] = [];
  let attribute = { name: '', value: '' };

  /** Opens a part of the page, again if it was closed. */
  const part = (name: 'html' | 'head' | 'body'): MarkupNode => {
    const known = root[name];
    if (known === undefined) return (root[name] = build.element({ name }));
    if (!open.includes(known)) open.push(known);
    return known;
  };
  /** Opens the parts of the page around what starts, as far as they are closed. */
  const imply = (starting: string) => {
    part('html');
    if (starting === 'frameset') return;
    if (OF_HEAD.has(starting) && root.body === undefined && (top() === root.html || top() === root.head)) {
      part('head');
      return;
    }
    if (top() === root.head) build.close(root.head);
    if (top() === root.html && starting !== 'frame' && starting !== 'noframes') part('body');
  };
  const endText = () => {
    const value = pending;
    pending = '';
    if (value === '') return;
    const outside = top() === document || top() === root.html || top() === root.head;
    if (outside && /^[\t\n\f\r ]*$/.test(value)) {
      if (top() !== document) build.text(value);
      return;
    }
    const bare = root.body === undefined;
    const shown = top() === document ? value.trimStart() : value;
    if (outside) imply('p');
    if (outside && bare) build.element({ name: 'p' });
    build.text(shown);
  };
  const start = (): MarkupNode => {
    const name = tag;
    while (endsBefore(top().name, name)) build.close(top());
    if (name === 'html' || name === 'head' || name === 'body') {
      if (name !== 'html') part('html');
      if (name === 'body' && top() === root.head) build.close(root.head!);
      return name === 'head' && (root.head ?? root.body) ? top() : part(name);
    }
    imply(name);
    return build.element({ name });
  };
  const startTag = (selfClosed: boolean) => {
    endText();
    const element = start();
    if (element.name === tag) {
      for (const [name, value] of attributes) {
        // Of two with the same name the first counts; a second `<body>` adds to the first.
        if (element.attributes.some((one) => one.name === name)) continue;
        build.attribute(element, { name }, value);
        if (name === 'id' || (name === 'name' && tag === 'a')) build.identify(value, element);
      }
    }
    if (VOID.has(tag) || (selfClosed && element !== root.html && element !== root.body)) build.close(element);
  };
  const endTag = (name: string) => {
    endText();
    const element = open.findLast((one) => one.name === name);
    if (element === undefined) return;
    const inside = open.slice(open.lastIndexOf(element) + 1);
    if (inside.some((one) => weightOf(one.name) > weightOf(name))) return;
    build.close(element);
  };
  const slice = (from: number, to: number) => text.slice(from, to);
  const tokenizer = new Tokenizer(
    { decodeEntities: true, xmlMode: false },
    {
      ontext: (from, to) => void (pending += slice(from, to)),
      ontextentity: (code) => void (pending += String.fromCodePoint(code)),
      onopentagname: (from, to) => {
        tag = slice(from, to).toLowerCase();
        attributes = [];
      },
      onattribname: (from, to) => {
        attribute = { name: slice(from, to).toLowerCase(), value: '' };
      },
      onattribdata: (from, to) => void (attribute.value += slice(from, to)),
      onattribentity: (code) => void (attribute.value += String.fromCodePoint(code)),
      onattribend: (quote) => {
        const { name, value } = attribute;
        attributes.push([name, quote === QuoteType.NoValue && FLAGS.has(name) ? name : value]);
      },
      onopentagend: () => startTag(false),
      onselfclosingtag: () => startTag(true),
      onclosetag: (from, to) => endTag(slice(from, to).toLowerCase()),
      oncomment: (from, to, offset) => {
        endText();
        build.comment(slice(from, to - offset));
      },
      oncdata: (from, to, offset) => {
        endText();
        build.comment(`[CDATA[${slice(from, to - offset)}]]`);
      },
      // The document type is no node of XPath's.
      ondeclaration: endText,
      onprocessinginstruction: (from, to) => {
        endText();
        const [, target = '', value = ''] = /^([^\s]*)\s*([\s\S]*)$/.exec(slice(from, to)) ?? [];
        build.instruction(target, value);
      },
      onend: endText,
    },
  );
  tokenizer.write(text);
  tokenizer.end();
  return document;
}
