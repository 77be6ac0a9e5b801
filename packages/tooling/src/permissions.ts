import type { ActionFile } from './action-file.ts';

/** One permission of a job's token that an action asks for. */
export interface Permission {
  /** As under `permissions:`, such as `checks: read`. */
  permission: string;
  /** The inputs that need it. */
  inputs: string[];
}

/** The permissions that the inputs of an action name, as `scope: read` or `scope: write`, in the order of action.yml. */
export function permissionsOf(action: ActionFile): Permission[] {
  const found = new Map<string, string[]>();
  for (const [name, { description }] of Object.entries(action.inputs)) {
    for (const [, permission] of description.matchAll(/`([a-z-]+: (?:read|write))`/g)) {
      const inputs = found.get(permission!) ?? [];
      if (!inputs.includes(name)) found.set(permission!, [...inputs, name]);
    }
  }
  return [...found].map(([permission, inputs]) => ({ permission, inputs }));
}
