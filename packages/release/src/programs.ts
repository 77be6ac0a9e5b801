import { bringUp } from './sh/bring-up.ts';
import { color } from './sh/color.ts';
import { deploy } from './sh/deploy.ts';
import { hooks } from './sh/hooks.ts';
import { inspect } from './sh/inspect.ts';
import { pull } from './sh/pull.ts';
import { stack } from './sh/stack.ts';
import { store } from './sh/store.ts';

/** Looks at the server and resolves the configuration: defines `inspect`. */
export const INSPECT = [stack, store, inspect].join('\n');

/** Brings a release up, proves it healthy, keeps what a rollback needs: functions only. */
export const BRING_UP = [stack, store, bringUp, hooks, pull, color].join('\n');

/** The deploy: defines `operate` and `recover`. */
export const DEPLOY = `${BRING_UP}\n${deploy}`;
