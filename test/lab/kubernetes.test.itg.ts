import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '@deploy-actions/lab';
import { testIf, whyNoAct } from '@deploy-actions/tooling';
import { serveHttp } from '../support/server.ts';
import { EXAMPLES as examples, type Messenger, fails, openMessenger, succeeds } from './workflow-rig.ts';

/**
 * There is no cluster here. What stands in for kubectl and kustomize keeps the images that were set, by revision, and the site
 * answers as the version whose image is applied: so the test sees that exactly what was verified is deployed and taken back.
 */
const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const KUBECTL = `#!/bin/sh -e
[ "$1 $2" = '--namespace shop' ]
[ "$(cat "$KUBECONFIG")" = 'the account' ]
[ "$(stat -c %a "$KUBECONFIG")" = 600 ]
shift 2
echo "$*" >>"$STATE/calls"
now=$(cat "$STATE/revision" 2>/dev/null || echo 0)
case "$1 $2" in
  'get deployment') [ "$now" = 0 ] || printf 'api %s\\nweb %s\\n' "$now" "$now" ;;
  'apply --kustomize')
    now=$((now + 1))
    cp "$STATE/set" "$STATE/revision-$now"
    cp "$STATE/set" "$STATE/running"
    echo "$now" >"$STATE/revision"
    ;;
  'rollout undo') cp "$STATE/revision-$5" "$STATE/running" ;;
  'rollout status') ;;
  *) exit 64 ;;
esac
`;

const KUSTOMIZE = `#!/bin/sh -e
[ "$1 $2 $3" = 'edit set image' ]
[ -e kustomization.yaml ]
shift 3
printf '%s\\n' "$@" >"$STATE/set"
`;

let lab: Lab;
let slack: Messenger;
let site: { url: string; close(): Promise<void> };
const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
const state = join(folder, 'state');
const programs = join(folder, 'programs');
const repository = join(folder, 'repository');

/** The reference of a tag by its digest, asked of the registry itself. */
async function byDigest(name: string, tag: string): Promise<string> {
  const answer = await fetch(`${lab.registry.url}/v2/shop/${name}/manifests/${tag}`, {
    method: 'HEAD',
    headers: {
      accept:
        'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json',
    },
  });
  return `${lab.registry.address}/shop/${name}@${answer.headers.get('docker-content-digest')}`;
}

const running = () => readFileSync(join(state, 'running'), 'utf8');

beforeAll(async () => {
  if (noAct !== undefined) return;
  lab = await openLab({ hosts: 0 });
  slack = await openMessenger();
  mkdirSync(state);
  mkdirSync(programs);
  mkdirSync(join(repository, 'deploy/production'), { recursive: true });
  writeFileSync(join(repository, 'deploy/production/kustomization.yaml'), 'resources: []\n');
  writeFileSync(join(programs, 'kubectl'), KUBECTL, { mode: 0o755 });
  writeFileSync(join(programs, 'kustomize'), KUSTOMIZE, { mode: 0o755 });
  const versions = new Map<string, string>();
  for (const tag of ['v1', 'v2', 'v3']) versions.set(`api=${await byDigest('api', tag)}`, tag);
  site = await serveHttp((request, response) => {
    const version = existsSync(join(state, 'running')) ? versions.get(running().split('\n')[0]!) : undefined;
    // The third version answers nobody who asks for its readiness.
    const isBad = version === undefined || (version === 'v3' && request.url === '/api/readiness/');
    response.statusCode = isBad ? 500 : 200;
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ version }));
  });
}, 600_000);

afterAll(async () => {
  await site?.close();
  await slack?.close();
  await lab?.close();
  rmSync(folder, { recursive: true, force: true });
});

testWithAct(
  'kubernetes.yml deploys what was verified, by its digests, tells Slack, and goes back to the revisions that ran when the new version does not prove itself',
  async () => {
    const push = (tag: string) => ({
      repository,
      programs,
      env: { STATE: state },
      secrets: { KUBECONFIG: 'the account', SLACK_WEBHOOK_URL: `${slack.url}/services/T0/B0/x` },
      variables: { SHOP_URL: site.url, REGISTRY: lab.registry.address },
      workflow: join(examples, 'kubernetes.yml'),
      payload: { ref: `refs/tags/${tag}` },
    });
    const imagesOf = async (tag: string) =>
      `api=${await byDigest('api', tag)}\nweb=${await byDigest('web', tag)}\n`;
    await succeeds(push('v1'));
    expect(running()).toBe(await imagesOf('v1'));
    await succeeds(push('v2'));
    expect(running()).toBe(await imagesOf('v2'));
    expect(slack.news()).toHaveLength(2);

    await fails(push('v3'));
    expect(running()).toBe(await imagesOf('v2'));
    expect(slack.news().join()).toMatch(/[Rr]olled back/);

    const calls = readFileSync(join(state, 'calls'), 'utf8');
    await fails(push('no-such-version'));
    expect(readFileSync(join(state, 'calls'), 'utf8')).toBe(calls);
    expect(running()).toBe(await imagesOf('v2'));
    expect(slack.news().join()).toMatch(/[Ff]ailed/);
  },
  900_000,
);
