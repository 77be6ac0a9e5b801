import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Host, type Lab, openLab } from '@deploy-actions/lab';
import { type Inputs, mustStep, serverInputs, step } from './color-rig.ts';
import { deploy, deployInputs, psql, served } from './deploy-rig.ts';

// rollback's restore-backup against a real engine and a real PostgreSQL.

let lab: Lab;
let host: Host;

beforeAll(async () => {
  lab = await openLab({ hosts: 0, registry: 'plain' });
  host = await lab.addHost({ sudo: true });
}, 600_000);

afterAll(async () => {
  await lab?.close();
});

async function mustDeploy(tag: string, runId: string): Promise<void> {
  const result = await deploy(deployInputs(lab, tag, {}, [host]), { runId });
  if (result.exitCode !== 0) throw new Error(`the deploy of ${tag} failed:\n${result.shown}`);
}

const inputs = (): Inputs => serverInputs(lab, [host]);

/** Saves the database as a step of the run, and answers the id. */
async function saved(runId: string): Promise<string> {
  const { outputs } = await mustStep(
    'backup',
    { ...inputs(), databases: 'db: postgres', 'min-free-disk': '50MB' },
    { runId },
  );
  return outputs['backup']!;
}

/** Of the table that version 2 of the schema adds a column to. */
const columns = () =>
  psql(
    host,
    "select string_agg(column_name, ' ' order by column_name) from information_schema.columns where table_name = 'items'",
  );
const names = () => psql(host, 'select name from items order by name');
const databases = () => psql(host, "select datname from pg_database where datname like 'shop%' order by 1");

let before: string;

test('restore-backup: latest brings a real database back to what it was before the deployment, and then the release', async () => {
  await mustDeploy('v1', '1');
  await psql(host, "delete from items; insert into items (name) values ('before')");
  before = await saved('2');
  await mustDeploy('v2', '2');
  expect(await columns()).toBe('created id name note');
  await psql(host, "update items set name = 'after'");
  await saved('3');
  const rolled = await mustStep('rollback', { ...inputs(), 'restore-backup': 'latest' }, { runId: '2' });
  expect(rolled.outputs).toMatchObject({ mode: 'redeploy' });
  expect(rolled.shown).toMatch(
    new RegExp(`latest is ${before}, begun .*: it was taken before .*v2.* was deployed`),
  );
  expect(await served(host)).toBe('v1');
  expect([await columns(), await names()]).toEqual(['created id name', 'before']);
  expect(await databases()).toBe(`shop\nshop_before_${before.replaceAll('-', '_')}`);
});

test('a rollback to the release whose migration is gone with that is refused, and deploying it migrates again', async () => {
  const refused = await step('rollback', { ...inputs(), to: 'v2' }, { runId: '5' });
  expect(refused.shown).toMatch(/the data were taken back to an older release since \S*v2\S* served/);
  expect(await served(host)).toBe('v1');
  await mustDeploy('v2', '6');
  expect(await columns()).toBe('created id name note');
});

test('the same backup comes back once more, and what it replaces each time is kept', async () => {
  await psql(host, "update items set name = 'again'");
  await mustStep('rollback', { ...inputs(), 'restore-backup': before }, { runId: '6' });
  expect(await served(host)).toBe('v1');
  expect([await columns(), await names()]).toEqual(['created id name', 'before']);
  const id = before.replaceAll('-', '_');
  expect((await databases()).split('\n').sort()).toEqual(
    ['shop', `shop_before_${id}`, `shop_before2_${id}`].sort(),
  );
});
