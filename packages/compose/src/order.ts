import { Failure } from '@deploy-actions/kit';
import { type ComposeModel, needsOf } from './model.ts';

/**
 * - `long`: must be up and stay up; any exit, also with 0, is a failure
 * - `once`: runs to its end; must exit with 0
 */
export type ServiceKind = 'long' | 'once';

/** A service is one-shot only if another waits for its completion, or if it is listed. */
export function classify(model: ComposeModel, listed: readonly string[]): Map<string, ServiceKind> {
  for (const name of listed) {
    if (model.services[name]) continue;
    throw new Failure('input', `input \`one-shot\`: ${name} is not a service of the compose file`, {
      input: 'one-shot',
      remedy: `Its services are: ${Object.keys(model.services).join(', ')}.`,
    });
  }
  const once = new Set(listed);
  for (const service of Object.values(model.services)) {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      if (condition === 'service_completed_successfully') once.add(name);
    }
  }
  return new Map(Object.keys(model.services).map((name) => [name, once.has(name) ? 'once' : 'long']));
}

/**
 * The step (from 0) in which each service starts: after all that it needs. Services of one step start together.
 * `up` is called without dependencies, because with them it re-runs one-shots; so the order is ours to keep.
 */
export function steps(model: ComposeModel): Map<string, number> {
  const found = new Map<string, number>();
  const visit = (name: string, path: readonly string[]): number => {
    const known = found.get(name);
    if (known !== undefined) return known;
    if (path.includes(name)) {
      throw new Failure('input', `the services need each other in a circle: ${[...path, name].join(' -> ')}`);
    }
    const needs = needsOf(model.services[name]!).filter((need) => model.services[need]);
    const step = Math.max(-1, ...needs.map((need) => visit(need, [...path, name]))) + 1;
    found.set(name, step);
    return step;
  };
  for (const name of Object.keys(model.services)) visit(name, []);
  return found;
}

/** Services that another one waits for: until healthy, or until they have finished. */
export function gatesOf(model: ComposeModel): Set<string> {
  const gates = new Set<string>();
  for (const service of Object.values(model.services)) {
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      if (condition !== 'service_started') gates.add(name);
    }
  }
  return gates;
}

/** Services that `names` need, directly or by others, `names` themselves left out, in starting order. */
export function dependenciesOf(model: ComposeModel, names: readonly string[]): string[] {
  const found = new Set<string>();
  const visit = (name: string) => {
    const service = model.services[name];
    if (!service) return;
    for (const need of needsOf(service)) {
      if (found.has(need) || !model.services[need]) continue;
      visit(need);
      found.add(need);
    }
  };
  names.forEach(visit);
  return [...found].filter((name) => !names.includes(name));
}

/** The model reduced to some services and all that they need. */
export function selectServices(model: ComposeModel, names: readonly string[]): ComposeModel {
  if (names.length === 0) return model;
  for (const name of names) {
    if (model.services[name]) continue;
    throw new Failure('input', `input \`services\`: ${name} is not a service of the compose file`, {
      input: 'services',
      remedy: `Its services are: ${Object.keys(model.services).join(', ')}.`,
    });
  }
  const kept = new Set([...dependenciesOf(model, names), ...names]);
  return {
    ...model,
    services: Object.fromEntries(Object.entries(model.services).filter(([name]) => kept.has(name))),
  };
}
