import { expect } from '@jest/globals';
import { putImage } from '../registry-stub.ts';
import { LABELS, type RegistryCase, type Stubs, errors, on } from './registry-case.ts';

const page = (tags: unknown, link?: string) => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...(link === undefined ? {} : { link }) },
  body: JSON.stringify({ name: 'acme/shop', tags }),
});

/** An image whose tag `1` is there, and a list of tags as the case has it; `1.4.2` is what is asked for. */
function listed({ registry }: Stubs, answer: Parameters<typeof on>[2]): void {
  putImage(registry, 'acme/shop', '1', { labels: LABELS });
  on(registry, '/tags/', answer);
}

const pages =
  (most: number) =>
  (_run: unknown, { registry }: Stubs) =>
    expect(registry.requests.filter(({ url }) => url.includes('/tags/')).length).toBeLessThanOrEqual(most);

/** How an absent tag is told, by what the list of tags holds. skopeo's question is `list-tags`. */
export const TAGS: RegistryCase[] = (
  [
    {
      name: 'near ones',
      serve: (stubs) => listed(stubs, page(['1.4.1', 'latest', '1.4.20'])),
      list: 'taken',
      verdict: 'tag-absent',
      says: /nearest of its 3 tags: 1\.4\.20, 1\.4\.1/,
      skopeo: 'taken',
    },
    {
      name: 'each twice',
      serve: (stubs) => listed(stubs, page(['1.4.1', '1.4.1', 'main', 'main'])),
      list: 'taken',
      verdict: 'tag-absent',
      says: /nearest of its 2 tags: 1\.4\.1$/,
      skopeo: 'taken',
    },
    {
      name: 'none: null',
      serve: (stubs) => listed(stubs, page(null)),
      list: 'taken',
      verdict: 'tag-absent',
      says: /it has no tags at all/,
      skopeo: 'taken',
    },
    {
      name: 'some that are no text',
      serve: (stubs) => listed(stubs, page([7, null, { a: 1 }, '1.4.1'])),
      list: 'taken',
      verdict: 'tag-absent',
      says: /nearest of its 1 tags: 1\.4\.1/,
      skopeo: 'refused',
      because: 'refuses the whole list',
    },
    {
      name: 'some that hold Markdown and line breaks',
      serve: (stubs) => listed(stubs, page(['1.4.1', '1.4.3\n', '1.4`<b>', '', '-x'])),
      list: 'taken',
      verdict: 'tag-absent',
      says: /nearest of its 1 tags: 1\.4\.1$/,
      skopeo: 'taken',
    },
    {
      name: 'a Link to itself',
      serve: (stubs) => listed(stubs, page(['1.4.1'], '</v2/acme/shop/tags/list>; rel="next"')),
      list: 'taken',
      verdict: 'tag-absent',
      says: /nearest of its 1 tags: 1\.4\.1/,
      holds: pages(2),
      skopeo: 'waits',
    },
    {
      name: 'Links that never end',
      serve: (stubs) =>
        listed(stubs, (_request, nth) =>
          page([`1.4.${nth}`], `</v2/acme/shop/tags/list?last=${nth}>; rel="next"`),
        ),
      list: 'taken',
      verdict: 'tag-absent',
      holds: pages(5),
      skopeo: 'waits',
    },
    {
      name: 'a Link to another origin',
      serve: (stubs) =>
        listed(stubs, page(['1.4.1'], `<http://${stubs.store.host}/v2/acme/shop/tags/list>; rel="next"`)),
      list: 'taken',
      verdict: 'tag-absent',
      holds: (_run, { store }) => expect(store.requests).toEqual([]),
      skopeo: 'waits',
    },
    {
      name: 'a Link of 60 KB of `<`',
      serve: (stubs) => listed(stubs, page(['1.4.1'], '<'.repeat(60_000))),
      list: 'taken',
      verdict: 'tag-absent',
      says: /1\.4\.1/,
      skopeo: 'refused',
      because: 'takes it for an address',
    },
    {
      name: 'not for us',
      serve: (stubs) => listed(stubs, errors(403, 'DENIED', 'denied')),
      list: 'refused',
      verdict: 'tag-absent',
      skopeo: 'refused',
    },
    {
      name: 'a page of HTML',
      serve: (stubs) => listed(stubs, { status: 200, body: '<html>' }),
      list: 'refused',
      verdict: 'tag-absent',
      skopeo: 'refused',
    },
    {
      name: 'no list',
      serve: (stubs) => listed(stubs, page('1.4.1')),
      list: 'refused',
      verdict: 'tag-absent',
      skopeo: 'refused',
    },
    {
      name: 'two megabytes',
      serve: (stubs) =>
        listed(stubs, page(Array.from({ length: 50_000 }, (_, index) => `${'x'.repeat(40)}${index}`))),
      list: 'refused',
      verdict: 'tag-absent',
      skopeo: 'taken',
      because: 'reads lists of any size',
    },
    {
      name: '503 for ever',
      serve: (stubs) => listed(stubs, { status: 503 }),
      list: 'refused',
      verdict: 'tag-absent',
      skopeo: 'refused',
    },
    {
      name: 'no such repository',
      serve: (stubs) => listed(stubs, errors(404, 'NAME_UNKNOWN', 'repository name not known to registry')),
      list: 'refused',
      verdict: 'image-absent',
      skopeo: 'refused',
    },
  ] satisfies RegistryCase[]
).map((one) => ({ image: 'acme/shop:1.4.2', ...one }));
