import { holderText } from '@deploy-actions/host';
import { formatDuration } from '@deploy-actions/kit';
import { marksOf } from '@deploy-actions/ledger';
import { type Check, failed, judged, listed, ofRelease, passed, told, unknown, warned } from './check.ts';

/** What earlier deployments left. */
export const DEPLOYMENT: readonly Check[] = [
  {
    name: 'lock',
    judge: ({ facts }) =>
      judged(facts.status, ({ lock }) =>
        lock === undefined
          ? passed('nobody holds it')
          : failed(
              holderText(lock),
              'Wait for that run: a deployment waits for it by itself, up to `lock-timeout`.',
            ),
      ),
  },
  {
    name: 'leftovers',
    judge: (seen) =>
      judged(seen.facts.status, ({ runs }) => {
        const dead = runs.filter(({ state }) => state === 'interrupted');
        const words = dead.map(
          ({ reference: { deploymentId, operation } }) => `the ${operation} ${deploymentId} was cut off`,
        );
        const remedies = dead.length > 0 ? ['The next deployment finishes or reverts what was cut off.'] : [];
        const containers = 'is' in seen.facts.release ? seen.facts.release.is.containers : [];
        const stray = containers.filter(
          ({ status, name }) =>
            ['created', 'dead', 'removing'].includes(status) || /^[0-9a-f]{12}_/.test(name),
        );
        if (stray.length > 0) {
          words.push(
            `containers that were left half-made: ${listed(stray.map(({ name, status }) => `${name} (${status})`))}`,
          );
          remedies.push(
            `Where they are still there after a deployment: docker rm ${stray.map(({ name }) => name).join(' ')}`,
          );
        }
        if (words.length > 0) return warned(words.join('; '), remedies.join(' '));
        return 'is' in seen.facts.release ? passed('none') : ofRelease(seen, () => undefined);
      }),
  },
  {
    name: 'releases',
    judge: (seen) =>
      ofRelease(seen, ({ releases, current, history, unread }) => {
        if (unread.length > 0)
          return warned(
            unread.join('; '),
            'Look at that record on the server; a power cut may have cut it short.',
          );
        const marks = marksOf(history).releases;
        const back = releases.filter(({ id }) => id !== current && !marks.has(id));
        if (current === '') return told('none yet: this will be the first');
        return back.length === 0
          ? told(`${current} serves; there is none to go back to`)
          : passed(`${current} serves; to go back to: ${listed(back.map(({ id }) => id).reverse())}`);
      }),
  },
  {
    name: 'backup',
    judge({ facts, inputs, now, server }) {
      const most = inputs['max-backup-age'];
      const [newest] = facts.backups;
      if (most === undefined)
        return (
          newest &&
          told(`the newest of ${formatDuration(Math.max(0, now.getTime() - Date.parse(newest.created)))} ago`)
        );
      const remedy = 'Make one before: the action backup.';
      if (newest === undefined) return failed(`there is no whole backup in ${server.path}/backups`, remedy);
      const age = now.getTime() - Date.parse(newest.created);
      // What is made in the future would never be too old.
      if (age < -inputs['max-clock-skew'])
        return unknown(
          `the newest, ${newest.id}, was made at ${newest.created}, which is still to come by the runner's clock`,
          'Set the clock of the server (see the row clock), and make a new one: the action backup.',
        );
      const words = `the newest, ${newest.id}, is ${formatDuration(Math.max(0, age))} old`;
      return age > most
        ? failed(`${words}, and max-backup-age is ${formatDuration(most)}`, remedy)
        : passed(words);
    },
  },
];
