import type { Failure } from '@deploy-actions/kit';
import { runAction } from '../action.ts';

/** What stands in the job summary of a step that had told nothing itself before this failure. */
export async function summaryOfFailure(name: string, failure: Failure): Promise<string> {
  let written = '';
  const nothing = () => undefined;
  await runAction(
    { name, fields: {}, outputs: [], run: () => Promise.reject(failure) },
    {
      core: {
        setOutput: nothing,
        setSecret: nothing,
        saveState: nothing,
        getState: () => '',
        info: nothing,
        debug: nothing,
        notice: nothing,
        warning: nothing,
        error: nothing,
        startGroup: nothing,
        endGroup: nothing,
        summary: { addRaw: (text) => (written += text), write: () => Promise.resolve() },
      },
      env: { GITHUB_STEP_SUMMARY: 'summary' },
      signal: new AbortController().signal,
    },
  );
  return written;
}
