import {
  type Aim,
  type OwnKeys,
  type PollRules,
  type TargetInputs,
  readTargets,
  specTime,
  timeSchema,
} from '@deploy-actions/probe';
import type { HealthInputs } from './fields.ts';

/** A target with all that is needed to wait for it. */
export interface Watched extends Aim {
  rules: PollRules;
}

interface WaitKeys {
  interval?: string;
  timeout?: string;
  'initial-delay'?: string;
  'request-timeout'?: string;
  retries?: number;
  successes?: number;
}

const count = (minimum: number) => ({ type: 'integer', minimum });

/** The targets of the input, each with its own times and counts or the inputs'. Throws an `input` Failure. */
export async function readWatched(
  inputs: HealthInputs,
  onSecret: (value: string) => void,
): Promise<Watched[]> {
  const own: OwnKeys<Watched> = {
    properties: {
      interval: timeSchema,
      timeout: timeSchema,
      'initial-delay': timeSchema,
      retries: count(0),
      successes: count(1),
    },
    complete: (aim, keys) => ({ ...aim, rules: rulesOf(keys, inputs) }),
  };
  return await readTargets(inputs satisfies TargetInputs, onSecret, own);
}

function rulesOf(own: WaitKeys, inputs: HealthInputs): PollRules {
  const retries = own.retries ?? inputs.retries;
  return {
    initialDelay: specTime(own, 'initial-delay') ?? inputs['initial-delay'],
    interval: specTime(own, 'interval') ?? inputs.interval,
    timeout: specTime(own, 'timeout') ?? inputs.timeout,
    successes: own.successes ?? inputs.successes,
    requestTimeout: specTime(own, 'request-timeout') ?? inputs['request-timeout'],
    ...(retries === undefined ? {} : { failures: retries + 1 }),
  };
}
