import { type OfRun, isSameRun } from './identity.ts';

/** A run that has no result yet. */
interface UnderWay extends OfRun {
  operation: string;
}

/**
 * What becomes of a run that is under way, before a rollback decides. Of the same workflow run all is stopped (the
 * server gives back what is not proven), but a rollback is waited for. Somebody else's switch is stopped where the user
 * says what to go back to: then it is urgent, and a canary would hold the lock for as long as it lasts. The step at the
 * end of a job takes back only its own.
 */
export function underWay(run: UnderWay, own: OfRun, isNamed: boolean): 'stop' | 'await' | 'leave' {
  if (isSameRun(run, own)) {
    return run.operation === 'rollback' || run.operation === 'redeploy' ? 'await' : 'stop';
  }
  return isNamed && run.operation === 'switch' ? 'stop' : 'leave';
}
