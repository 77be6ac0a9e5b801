import type { Where } from '../specification/where.ts';
import type { HurlAssert, HurlCapture } from './assert.ts';
import type { Body } from './body.ts';
import type { Option } from './option.ts';
import type { Template } from './template.ts';

/** `name: value`, which may come several times. */
export interface Pair {
  name: Template;
  value: Template;
  where: Where;
}

/** A part of [Multipart]: a value, or a file. */
export type Part = { name: Template; where: Where } & (
  { value: Template } | { file: Template; type: Template | undefined }
);

/** One request of a .hurl file with what is asked of its answer (hurl.dev, "Entry"). */
export interface HurlEntry {
  method: string;
  url: Template;
  headers: Pair[];
  query: Pair[];
  form: Pair[];
  multipart: Part[];
  cookies: Pair[];
  basicAuth: Pair | undefined;
  options: Option[];
  body: { body: Body; where: Where } | undefined;
  response: HurlResponse | undefined;
  /** Folder of the file, relative to the workspace: other files are named from there. */
  folder: string;
  where: Where;
}

export interface HurlResponse {
  /** Undefined: any. */
  status: number | undefined;
  /** `HTTP/1.1`, which only holds where that is what both would speak. */
  version: '1.1' | undefined;
  headers: Pair[];
  captures: HurlCapture[];
  asserts: HurlAssert[];
  body: { body: Body; where: Where } | undefined;
  where: Where;
}
