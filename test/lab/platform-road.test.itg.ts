import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type WorkflowRun, testIf, whyNoAct } from '@deploy-actions/tooling';
import { smallCheckout } from './deploy-rig.ts';
import { workflowOf } from './page-rig.ts';
import { fails, serverSecrets, succeeds } from './workflow-rig.ts';

// A platform engineer gives many repositories one workflow, by the page for platform teams and nothing else.

const noAct = whyNoAct();
const testWithAct = testIf(test, noAct);

const PAGE = 'platform-teams.md';
const CALLED = 'org/workflows/.github/workflows/deploy.yml@v1';
const PORTS = { shop: 8080, blog: 8081 };
type Application = keyof typeof PORTS;

let lab: Lab;
let production: Host;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'platform-road-'));
  if (noAct !== undefined) return;
  lab = await openLab();
  production = await lab.addHost();
  for (const name of ['deploy-called.yml', 'deploy.yml', 'inventory.yml'])
    writeFileSync(
      join(folder, name),
      workflowOf(
        PAGE,
        {
          'deploy-called.yml': 'Deploy to staging and production',
          'deploy.yml': 'Deploy',
          'inventory.yml': 'What runs where',
        }[name],
      ),
    );
}, 600_000);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await lab?.close();
});

/** A repository of its own for each application: the same small one, with another name and port. */
function repositoryOf(application: Application, nginx?: string): string {
  const checkout = smallCheckout();
  const compose = join(checkout, 'compose.yaml');
  writeFileSync(
    compose,
    readFileSync(compose, 'utf8')
      .replace('name: shop', `name: ${application}`)
      .replace('/shop/web:', `/org/${application}/web:`)
      .replace('8080:80', `${PORTS[application]}:80`),
  );
  if (nginx !== undefined) writeFileSync(join(checkout, 'nginx.conf'), nginx);
  return checkout;
}

/** A tag of an application's repository: the page's caller, with the application's name in it. */
function tag(application: Application, version: string, nginx?: string): WorkflowRun {
  const caller = join(mkdtempSync(join(folder, `${application}-`)), 'deploy.yml');
  cpSync(join(folder, 'deploy.yml'), caller);
  writeFileSync(
    caller,
    readFileSync(caller, 'utf8').replace('application: shop', `application: ${application}`),
  );
  const settings = (host: Host) => ({
    secrets: { ...serverSecrets({ host }), APP_ENV: `REGISTRY=${lab.registry.address}` },
    variables: { APP_URL: `${host.url(PORTS[application])}/web-health` },
  });
  return {
    workflow: caller,
    called: { [CALLED]: join(folder, 'deploy-called.yml') },
    repository: repositoryOf(application, nginx),
    repositoryName: `org/${application}`,
    payload: { ref: `refs/tags/${version}` },
    secrets: { GITHUB_TOKEN: 'ghs_a-token-for-tests' },
    variables: { REGISTRY: lab.registry.address },
    environments: { staging: settings(lab.host), production: settings(production) },
  };
}

/** The digest of the image that an application runs on a server; empty where it does not run. */
async function runs(host: Host, application: Application): Promise<string> {
  const { stdout } = await host.exec([
    'docker',
    'inspect',
    '--format',
    '{{if .State.Running}}{{.Config.Image}}{{end}}',
    `${application}-web-1`,
  ]);
  return stdout.trim().replace(/^.*@/, '');
}

async function publish(application: Application, version: string): Promise<string> {
  const { digest } = await lab.registry.publish({
    from: `shop/web:${version}`,
    to: `org/${application}/web:${version}`,
  });
  return digest;
}

testWithAct(
  'two repositories deploy by one workflow to staging and then to production, by the page alone; what is not well on staging never reaches production',
  async () => {
    const { host } = lab;
    const shop = await publish('shop', 'v1');
    const blog = await publish('blog', 'v1');
    await succeeds(tag('shop', 'v1'));
    await succeeds(tag('blog', 'v1'));
    for (const server of [host, production])
      expect([await runs(server, 'shop'), await runs(server, 'blog')]).toEqual([shop, blog]);

    await publish('shop', 'v2');
    await fails(tag('shop', 'v2', 'server { listen 80; nonsense }'));
    for (const server of [host, production]) expect(await runs(server, 'shop')).toBe(shop);
    const tried = (server: Host) => server.sh('grep -c v2 /srv/deploy/shop/.deploy/history.jsonl || true');
    expect([Number(await tried(host)) > 0, await tried(production)]).toEqual([true, '0\n']);
  },
  900_000,
);

testWithAct(
  'what runs where is told of each server by the workflow of the page, and one that does not answer costs its own line alone',
  async () => {
    const servers = {
      INVENTORY_SSH_KEY: lab.key.privateKey,
      KNOWN_HOSTS: [lab.host, production].map((one) => one.knownHosts()).join('\n'),
    };
    const ask = (second: string) => {
      const file = join(mkdtempSync(join(folder, 'inventory-')), 'inventory.yml');
      const text = readFileSync(join(folder, 'inventory.yml'), 'utf8')
        .replace('deploy@web1.example.org', `deploy@127.0.0.1:${lab.host.sshPort}`)
        .replace('deploy@web2.example.org', second)
        // act has no schedule to wait for.
        .replace(/^on:\n.*$/m, 'on: push');
      writeFileSync(file, text);
      return {
        workflow: file,
        repository: smallCheckout(),
        environments: { inventory: { secrets: servers } },
      };
    };
    const told = await succeeds(ask(`deploy@127.0.0.1:${production.sshPort}`));
    expect(told).toMatch(/project shop, release \S+/);
    expect(told).toMatch(/project blog, release \S+/);
    const gone = await fails(ask('deploy@127.0.0.1:1'));
    expect(gone).toMatch(/project shop, release \S+/);
    expect(gone).not.toContain('project blog');
  },
  600_000,
);
