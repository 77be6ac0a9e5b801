import type { Failure } from '@deploy-actions/kit';
import type { MemoryLog } from '@deploy-actions/kit/testing';
import { explain } from '../action.ts';
import { openLines } from '../open-lines.ts';

/** What an action has told, as tests keep it. */
export interface Told {
  log: MemoryLog;
  annotations?: readonly { message: string }[];
}

/**
 * What is wrong with the log of a step that has failed, as GitHub shows it: groups are folded, and the rest stands open. No
 * line may be there twice, and the reason and its evidence must stand open.
 */
export function logProblems({ log, annotations = [] }: Told, failure: Failure): string[] {
  const open = openLines();
  const heard = log.entries.filter(({ level }) => level !== 'debug');
  for (const { text, group, level } of heard) if (group === undefined && level === 'info') open.take(text);
  const { headline, below } = explain('action', failure);
  const end = [headline, ...below.map((text) => open.untold(text))].flatMap((text) => text.split('\n'));
  // What happens in two phases is said in both; what is evidence, or stands in one phase, is said once.
  const phases = new Map<string, string>();
  const inPhase = heard.map(({ text, group = '' }, index) => {
    // Several servers' phases are no groups: each has its own title among its lines.
    const [, server = '', title] = /^(?:(\S+) \| )?(.* \(at [^)]+\))$/.exec(text) ?? [];
    if (title !== undefined) phases.set(server, `${title}, line ${index}`);
    const [, of = ''] = /^(\S+) \| /.exec(text) ?? [];
    return `${group} ${phases.get(of) ?? ''}: ${text.trim()}`;
  });
  const all = [...heard.map(({ text }) => text), ...annotations.map(({ message }) => message)];
  const said = new Set(all.map((line) => line.trim()));
  const twice = [
    ...heard.filter((_, index) => inPhase.indexOf(inPhase[index]!) !== index).map(({ text }) => text.trim()),
    ...end.filter((line, index) => said.has(line.trim()) || (index > 0 && line === headline)),
  ].filter((line) => line.trim().length > 3);
  const standing = new Set([
    ...heard.filter(({ group }) => group === undefined).map(({ text }) => text),
    ...end,
  ]);
  const hidden = (failure.details ?? '')
    .split('\n')
    .filter((line) => line.trim() !== '' && !standing.has(line));
  return [
    ...[...new Set(twice)].map((line) => `told twice: ${line}`),
    ...hidden.map((line) => `folded, although it is evidence: ${line}`),
  ];
}

/** Throws where something is wrong with the log of a step that has failed: every rig asks it of every failing run. */
export function mustBeWellTold(told: Told, failure: Failure): void {
  const problems = logProblems(told, failure);
  if (problems.length === 0) return;
  throw new Error(
    `the log of "${failure.message}":\n  ${problems.join('\n  ')}\n\n${told.log.lines.join('\n')}`,
  );
}
