import type { DigestRule } from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';
import { notBuilt, registryLogin } from '@deploy-actions/release';
import type { Workflow } from '@deploy-actions/runner';
import type { DecidedInputs, DeployInputs } from './fields.ts';

/** Rules across inputs; an `input` Failure names the one that is broken. */
export function checkInputs(inputs: DeployInputs): void {
  const wrong = (input: string, message: string, remedy?: string) =>
    new Failure('input', `input \`${input}\` ${message}`, { input, remedy });
  if (inputs.plan && inputs.status) throw wrong('plan', 'and `status` are both set', 'Set one of them.');
  if (inputs['pull-only'] && inputs.status) {
    throw wrong('pull-only', 'and `status` are both set', 'Set one of them.');
  }
  if (inputs['pull-only'] && inputs.pull === 'never') {
    throw wrong('pull-only', 'has nothing to do with `pull: never`', 'Leave one of them out.');
  }
  registryLogin(inputs);
  if (inputs['migration-state'].length > 1) throw wrong('migration-state', 'holds more than one command');
  if (inputs['migration-state'].length === 1 && inputs.migrate.length === 0) {
    throw wrong('migration-state', 'is given without `migrate`');
  }
  if (inputs['migration-reversible'] && inputs.migrate.length === 0) {
    throw wrong('migration-reversible', 'is set without `migrate`');
  }
  if (inputs.engine !== 'auto') checkForEngine({ ...inputs, engine: inputs.engine });
  const isColored = inputs.color !== undefined;
  if (inputs.strategy === 'rolling' && isColored) {
    throw wrong(
      'strategy',
      'cannot be `rolling` with `color`: a colour is deployed beside the live one, which serves on',
      'Leave one of them out.',
    );
  }
  if (inputs['rolling-fallback'] === 'recreate' && inputs.strategy !== 'rolling') {
    throw wrong('rolling-fallback', 'is given without `strategy: rolling`');
  }
  for (const name of ['color-services', 'live-only-services'] as const) {
    if (!isColored && inputs[name].length > 0) throw wrong(name, 'is given without `color`');
  }
  if (isColored && inputs.services.length > 0) {
    throw wrong(
      'services',
      'cannot be combined with `color`',
      'Name the services that change in `color-services`.',
    );
  }
  if (isColored && inputs.adopt) {
    throw wrong(
      'adopt',
      'cannot be combined with `color`: the first colour deploy takes the running stack as the live one',
    );
  }
}

/** What is not done in a cluster is refused by its name; what would mean nothing there, too. */
export function checkForEngine(inputs: DecidedInputs): void {
  if (inputs.engine !== 'swarm') return;
  const { strategy } = inputs;
  if (inputs['live-only-services'].length > 0)
    throw notBuilt(
      'live-only-services',
      'has no services that come and go with the traffic',
      'Leave them out of `color-services`: then they are shared by both colours, and `shared-services: update` changes them.',
    );
  if (strategy === 'rolling') {
    throw notBuilt(
      'strategy',
      'goes by what the compose file says',
      'Say there how tasks are replaced: deploy.update_config.order: start-first.',
    );
  }
  if (inputs.services.length > 0) {
    throw notBuilt(
      'services',
      'deploys the whole stack',
      'Leave `services` out: what does not differ is not touched.',
    );
  }
  if (inputs['require-digest'] === false) {
    throw notBuilt(
      'require-digest',
      'needs every image by its digest, so that all nodes run the same',
      'Leave it out.',
    );
  }
  if (inputs['stop-timeout'] !== undefined) {
    throw notBuilt('stop-timeout', 'goes by what the compose file says', 'Say `stop_grace_period` there.');
  }
  if (inputs.parallel !== '100%') {
    throw notBuilt(
      'parallel',
      'has one server that changes anything',
      'Say deploy.update_config.parallelism in the compose file.',
    );
  }
  if (inputs['migrate-on'] === 'each') {
    throw notBuilt('migrate-on', 'runs migrations on the first host', 'Leave it out.');
  }
}

export function digestRule(inputs: DecidedInputs): DigestRule {
  if (inputs.engine === 'swarm') return 'all';
  if (inputs['require-digest'] === undefined) return 'named';
  return inputs['require-digest'] ? 'all' : 'off';
}

export function versionOf(inputs: DeployInputs, workflow: Workflow): string {
  return inputs.version ?? (workflow.sha === '' ? 'unversioned' : workflow.sha.slice(0, 12));
}

/** How many servers are changed at once. */
export function parallelOf(text: string, servers: number): number {
  const number = Number.parseInt(text, 10);
  const count = text.endsWith('%') ? Math.floor((servers * number) / 100) : number;
  return Math.min(servers, Math.max(1, count));
}
