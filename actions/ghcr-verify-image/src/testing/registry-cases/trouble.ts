import { expect } from '@jest/globals';
import { OCI_INDEX } from '../../manifest/media-type.ts';
import { type StubAnswer, putBuild } from '../registry-stub.ts';
import { LABELS, type RegistryCase, type Stubs, on } from './registry-case.ts';

/** A registry whose manifests are answered so, one answer after the other, and then as it should. */
const first =
  (...answers: StubAnswer[]) =>
  ({ registry }: Stubs): void => {
    putBuild(registry, 'acme/shop', '1', LABELS);
    on(registry, '/manifests/', (_request, nth) => answers[nth - 1]);
  };

const always =
  (answer: StubAnswer) =>
  ({ registry }: Stubs): void =>
    on(registry, '/v2/', answer);

const HTML = { 'content-type': 'text/html' };
const MANIFEST = { 'content-type': OCI_INDEX };
const BRIEF = { 'request-timeout': '1s' };

export const TROUBLE: RegistryCase[] = [
  {
    name: '429 for a second, by Retry-After',
    serve: first({ status: 429, headers: { 'retry-after': '1' } }),
    verdict: 'taken',
    holds: ({ sleeps }) => expect(sleeps).toEqual([1000]),
    skopeo: 'taken',
  },
  {
    name: '429 for a moment, by GHCR’s message',
    serve: first({
      status: 429,
      body: '{"errors":[{"code":"TOOMANYREQUESTS","message":"retry-after: 1.16676ms, allowed: 44000/minute"}]}',
    }),
    verdict: 'taken',
    holds: ({ sleeps }) => expect(sleeps[0]).toBeLessThanOrEqual(1000),
    skopeo: 'taken',
  },
  {
    name: '502 with a page of HTML, once',
    serve: first({ status: 502, headers: HTML, body: '<html>Unicorn!</html>' }),
    verdict: 'taken',
    skopeo: 'refused',
    because: 'does not ask again',
  },
  {
    name: 'a connection that is closed in the middle, once',
    serve: first({ status: 200, headers: MANIFEST, body: '{"schemaVersion":2}', breaks: 'closed' }),
    verdict: 'taken',
    skopeo: 'refused',
    because: 'does not ask again',
  },
  {
    name: 'a connection that is closed in the middle, for ever',
    serve: always({ status: 200, headers: MANIFEST, body: '{"schemaVersion":2}', breaks: 'closed' }),
    verdict: 'registry-unreachable',
    skopeo: 'refused',
  },
  {
    name: '429 for an hour',
    serve: always({ status: 429, headers: { 'retry-after': '3600' } }),
    verdict: 'rate-limited',
    says: /until 2026-11-21T13:00:00Z/,
    holds: ({ sleeps }) => expect(sleeps).toEqual([]),
    skopeo: 'waits',
  },
  {
    name: '503 for ever',
    serve: always({ status: 503, headers: HTML, body: '<html>' }),
    verdict: 'registry-down',
    skopeo: 'refused',
  },
  {
    name: 'not a word',
    serve: always({ status: 200, breaks: 'silent' }),
    inputs: BRIEF,
    verdict: 'registry-unreachable',
    skopeo: 'waits',
  },
  {
    name: 'half an answer, then not a word',
    serve: always({ status: 200, headers: MANIFEST, body: '{"schemaVersion":2}', breaks: 'waiting' }),
    inputs: BRIEF,
    verdict: 'registry-unreachable',
    skopeo: 'waits',
  },
  {
    name: 'a configuration that never ends',
    serve({ registry }) {
      putBuild(registry, 'acme/shop', '1', LABELS);
      on(registry, '/blobs/', { status: 200, body: '{"a":1}', breaks: 'waiting' });
    },
    inputs: BRIEF,
    verdict: 'registry-unreachable',
    skopeo: 'waits',
  },
  {
    name: 'another web server: 404 with a page of HTML',
    serve: always({ status: 404, headers: HTML, body: '<html>nginx</html>' }),
    verdict: 'not-a-registry',
    skopeo: 'refused',
  },
  {
    name: 'another web server: 200 with a page of HTML',
    serve: always({ status: 200, headers: HTML, body: '<html>nginx</html>' }),
    verdict: 'malformed',
    skopeo: 'refused',
  },
  { name: 'status 400', serve: always({ status: 400 }), verdict: 'not-a-registry', skopeo: 'refused' },
  { name: 'status 204', serve: always({ status: 204 }), verdict: 'not-a-registry', skopeo: 'refused' },
  {
    name: '404 with `errors` of another code',
    serve: always({ status: 404, body: '{"errors":[{"code":"GONE","message":"gone"}]}' }),
    verdict: 'image-absent',
    skopeo: 'refused',
  },
  {
    name: '403 with what begins like a workflow command',
    serve: always({
      status: 403,
      body: '{"errors":[{"code":"DENIED","message":"a\\n::set-output name=x::y"}]}',
    }),
    verdict: 'credentials-missing',
    holds: ({ failure }) => expect(failure!.message).not.toContain('\n::'),
    skopeo: 'refused',
  },
];
