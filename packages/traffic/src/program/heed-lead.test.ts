import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const HEED = readFileSync(join(import.meta.dirname, 'heed-lead.sh'), 'utf8');

interface Told {
  /** What the manager's proxy answers, second by second, the last one for ever: a colour, or nothing. */
  leads: readonly string[];
  connect?: string;
  curl?: boolean;
  /** Seconds after which the switch is confirmed here. */
  confirmed?: number;
  seconds?: number;
}

/** What the node takes from it after a switch to green, and after how many seconds. A second is a turn of the loop. */
function heeded(
  shell: readonly string[],
  { leads, connect = '10.0.0.1:80', curl = true, confirmed = 999, seconds = 150 }: Told,
): string {
  const answers = leads.map(
    (color, index) => `${index < leads.length - 1 ? index : '*'}) set -- ${color} ;;`,
  );
  const call = `set -u; ${HEED}
lead_connect=${connect}; lead_token=of-the-lead; target=green; token=own; verify_connect=127.0.0.1:80; second=0
has_curl() { ${curl}; }
date() { echo "$((1000 + second))"; }
sleep() { second=$((second + 1)); }
ask() {
  [ "$verify_connect $token" = '${connect} of-the-lead' ] || { echo '500 0 blue'; return; }
  case $second in ${answers.join(' ')} esac
  for one; do echo "200 0.1 $one"; done
}
waits() { [ "$second" -lt ${confirmed} ]; }
heed_lead ${seconds} waits
echo "\${lead_says:-nothing} after $second, own $verify_connect $token"`;
  const { stdout, stderr } = spawnSync(shell[0]!, [...shell.slice(1)], { input: call, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toContain(', own 127.0.0.1:80 own');
  return stdout.replace(/, own .*\n/, '');
}

describe.each([[['dash']], [['busybox', 'sh']]])(
  '%s: after a switch that nobody confirms a node',
  (shell) => {
    test.each<[what: string, told: Told, expected: string]>([
      [
        'goes back as soon as the manager’s proxy has',
        { leads: ['green', 'green', 'green', 'blue'] },
        'back after 3',
      ],
      ['goes back to a share as well', { leads: ['green green blue'] }, 'back after 0'],
      ['stays where that proxy stays for its time', { leads: ['green'] }, 'stays after 150'],
      ['asks once where its time was over before', { leads: ['green'], seconds: 0 }, 'stays after 0'],
      ['decides by itself where that proxy does not answer', { leads: ["''"] }, 'nothing after 50'],
      [
        'does not take it for a word that the proxy answered before it fell silent',
        { leads: ['green', 'green', "''"] },
        'nothing after 51',
      ],
      ['is not misled by a short silence', { leads: ['green', "''", "''", 'blue'] }, 'back after 3'],
      ['takes no answer of something else for that proxy’s', { leads: ['-'] }, 'nothing after 50'],
      ['ends its wait where it is confirmed meanwhile', { leads: ['green'], confirmed: 2 }, 'stays after 2'],
      ['decides by itself where it is the manager', { leads: ['green'], connect: "''" }, 'nothing after 0'],
      ['decides by itself where it cannot ask', { leads: ['green'], curl: false }, 'nothing after 0'],
    ])('%s', (_what, told, expected) => {
      expect(heeded(shell, told)).toBe(expected);
    });
  },
);
