import { SaxesParser } from 'saxes';
import { type MarkupDocument, builder } from './node.ts';

export interface XmlDocument {
  document: MarkupDocument;
  /**
   * The namespaces by the prefixes that the document itself uses, the first default one by `''`; `undefined` for a
   * prefix that it uses for several.
   */
  namespaces: Map<string, string | undefined>;
}

/**
 * A well-formed document with its namespaces (XML 1.0, Namespaces in XML 1.0). Throws for what is not well-formed, and
 * for one that declares entities or attributes of its own: they would have to be put in everywhere.
 */
export function readXml(text: string): XmlDocument {
  const { document, open, ...build } = builder();
  const namespaces = new Map<string, string | undefined>();
  const parser = new SaxesParser({ xmlns: true, position: true });
  parser.on('error', (error) => {
    throw new Error(`the document is not well-formed XML: ${error.message}`);
  });
  parser.on('doctype', (doctype) => {
    const declared = /<!(ENTITY|ATTLIST)/.exec(doctype)?.[1];
    if (declared) throw new Error(`the document has <!${declared} …> of its own, which is not supported`);
  });
  parser.on('opentag', (tag) => {
    const element = build.element({
      name: tag.name,
      localName: tag.local,
      prefix: tag.prefix,
      namespace: tag.uri,
    });
    for (const { name, local, prefix, uri, value } of Object.values(tag.attributes)) {
      if (uri === 'http://www.w3.org/2000/xmlns/') {
        const declared = prefix === '' ? '' : local;
        const known = namespaces.get(declared);
        // Of several defaults `_` is the first, as in Hurl; a prefix that stands for several is nobody's.
        if (!namespaces.has(declared)) namespaces.set(declared, value);
        else if (declared !== '' && known !== value) namespaces.set(declared, undefined);
        continue;
      }
      build.attribute(element, { name, localName: local, prefix, namespace: uri }, value);
      if (name === 'xml:id') build.identify(value, element);
    }
  });
  parser.on('closetag', () => build.close(open.at(-1)!));
  const add = (value: string) => {
    if (open.length > 1 && value !== '') build.text(value);
  };
  parser.on('text', add);
  parser.on('cdata', add);
  parser.on('comment', (value) => build.comment(value));
  parser.on('processinginstruction', ({ target, body }) => build.instruction(target, body));
  parser.write(text).close();
  return { document, namespaces };
}
