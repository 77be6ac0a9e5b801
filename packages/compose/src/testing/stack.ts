import { type ComposeModel, type Service, parseModel } from '../model.ts';
import { type StackOptions, toStack } from '../stack/stack.ts';

/** What a stack file holds. */
export type Stack = Record<
  'services' | 'networks' | 'volumes' | 'configs' | 'secrets',
  Record<string, Record<string, unknown>>
>;

/** A file with one service that has these keys. */
export function one(keys: Partial<Service>, rest: Partial<ComposeModel> = {}): ComposeModel {
  return parseModel(
    JSON.stringify({
      name: 'shop',
      networks: { default: { name: 'shop_default', ipam: {} } },
      ...rest,
      services: {
        web: {
          image: 'web:v1',
          command: null,
          entrypoint: null,
          networks: { default: null },
          restart: 'always',
          ...keys,
        },
        ...rest.services,
      },
    }),
  );
}

/** What becomes of the file, and what is refused of it. */
export function translated(model: ComposeModel, options: Partial<StackOptions> = {}) {
  const { release, refusals } = toStack(model, {
    path: '/srv/shop',
    oneShot: [],
    files: new Map(),
    ...options,
  });
  const stack = JSON.parse(release.json) as Stack;
  return { release, refusals, stack, web: stack.services['web']!, keys: refusals.map(({ key }) => key) };
}

/** A service that stays on one node. */
export const pinned = { placement: { constraints: ['node.hostname == one'] } };
