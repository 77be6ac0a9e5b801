import type { Path } from '../problem.ts';
import { type Dialect, dialectNamed, identifierKeyword } from './dialect.ts';
import {
  type Addresses,
  type OpenSource,
  type SchemaLocation,
  absolute,
  baseOf,
  decode,
  noAddresses,
  noteAddresses,
  pointerParts,
  refusal,
  isMapping,
  valueAt,
} from './source.ts';

/** Follows references from location to location, into other documents too; each is opened once. */
export interface References {
  /** What a reference that stands at a location points to. Throws a Failure with the line when that is nothing. */
  follow(reference: string, from: SchemaLocation): Promise<SchemaLocation>;
  /** The same; `dynamic` is the name of the `$dynamicAnchor` that it goes by, if it does. */
  followDynamic(
    reference: string,
    from: SchemaLocation,
  ): Promise<{ target: SchemaLocation; dynamic: string | undefined }>;
  /** What was found in the documents opened so far. */
  readonly addresses: Addresses;
}

/**
 * `schemas` says in which dialect the documents are schemas themselves, so that `$id` and `$anchor` in them are
 * addresses; undefined for documents that contain schemas somewhere, such as OpenAPI's.
 */
export function references(open: OpenSource, schemas: Dialect | undefined): References {
  const addresses = noAddresses();
  const opened = new Map<string, Promise<SchemaLocation['source'] | undefined>>();
  const noted = new Set<object>();
  const note = (source: SchemaLocation['source']) => {
    if (noted.has(source)) return;
    noted.add(source);
    const own = isMapping(source.value) ? source.value['$schema'] : undefined;
    if (schemas !== undefined)
      noteAddresses(addresses, source, (typeof own === 'string' ? dialectNamed(own) : undefined) ?? schemas);
  };
  const document = async (uri: string) => {
    let source = opened.get(uri);
    if (!source) opened.set(uri, (source = open(uri)));
    const found = await source;
    if (found) note(found);
    return found;
  };

  const find = async (reference: string, from: SchemaLocation) => {
    note(from.source);
    const base = baseOf(addresses, from);
    const target = absolute(reference, base);
    if (target === undefined) throw refusal(from, `the reference ${JSON.stringify(reference)} is no address`);
    const hash = target.indexOf('#');
    const uri = hash < 0 ? target : target.slice(0, hash);
    const fragment = hash < 0 ? '' : target.slice(hash + 1);
    const resource =
      addresses.resources.get(uri) ??
      (uri === from.source.uri ? { source: from.source, path: [] } : undefined);
    const root = resource ?? (await outside(uri, reference, from));
    if (fragment === '') return { ...root, dynamic: false };
    if (!fragment.startsWith('/')) {
      const anchor = addresses.anchors.get(`${uri}#${decode(fragment)}`);
      if (anchor) return anchor;
      throw refusal(
        from,
        schemas === undefined
          ? `the reference ${JSON.stringify(reference)} is to an $anchor, which is not supported in an OpenAPI description; write its path, such as #/components/schemas/${decode(fragment)}`
          : `the reference ${JSON.stringify(reference)} points to nothing: no schema has this $anchor`,
      );
    }
    const path: Path = [...root.path, ...pointerParts(fragment)];
    if (!valueAt(root.source.value, path))
      throw refusal(from, `the reference ${JSON.stringify(reference)} points to nothing`);
    return { source: root.source, path, dynamic: false };
  };
  const outside = async (uri: string, reference: string, from: SchemaLocation): Promise<SchemaLocation> => {
    const source = (await document(uri)) ?? (await neighbour(uri, reference, from));
    if (source) return { source, path: [] };
    throw refusal(
      from,
      uri.startsWith('workspace:')
        ? `the reference ${JSON.stringify(reference)} is to the file ${decode(new URL(uri).pathname).slice(1)}, which is not in the workspace`
        : `the reference ${JSON.stringify(reference)} is to ${uri}, which is not followed: only files of the workspace are; put it beside this file and refer to it by its path`,
    );
  };
  /** A file that has an address on the network by its `$id` has its neighbours beside it in the workspace too. */
  const neighbour = async (uri: string, reference: string, from: SchemaLocation) => {
    const beside = absolute(reference, from.source.uri)?.split('#')[0];
    if (schemas === undefined || beside === undefined || beside === uri) return undefined;
    const source = await document(beside);
    const own = isMapping(source?.value) ? source.value[identifierKeyword(schemas)] : undefined;
    return typeof own !== 'string' || absolute(own, beside)?.split('#')[0] === uri ? source : undefined;
  };
  const followed = new Map<string, SchemaLocation>();
  return {
    addresses,
    follow: async (reference, from) => {
      note(from.source);
      const key = `${baseOf(addresses, from)} ${from.source.uri} ${reference}`;
      const known = followed.get(key);
      if (known) return known;
      const { source, path } = await find(reference, from);
      followed.set(key, { source, path });
      return { source, path };
    },
    followDynamic: async (reference, from) => {
      const { source, path, dynamic } = await find(reference, from);
      const name = decode(reference.slice(reference.indexOf('#') + 1));
      return { target: { source, path }, dynamic: dynamic ? name : undefined };
    },
  };
}
