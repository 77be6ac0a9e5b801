import { PROGRAMS as ARCHIVE } from '@deploy-actions/archive';
import { EXPLAIN_COMPLAINT } from '@deploy-actions/engine/complaint';
import { USED_ENGINE } from '@deploy-actions/engine/last-engine';
import { QUESTIONS as WATCH } from '@deploy-actions/engine/watch';
import {
  EXEC_NAMES,
  type Part,
  type ServerProgram,
  execEnd,
  execParts,
  programEnd,
} from '@deploy-actions/host';
import { QUESTIONS as HOST_QUESTIONS } from '@deploy-actions/host/questions';
import { sentText } from '@deploy-actions/host/sent-text';
import { QUESTIONS as PROBE_QUESTIONS } from '@deploy-actions/probe/questions';
import { PROGRAMS as READINESS } from '@deploy-actions/readiness';
import { PROGRAMS as RELEASE, QUESTIONS as RELEASE_QUESTIONS } from '@deploy-actions/release';
import { RECORDED_PROGRAMS } from '@deploy-actions/release/recorded';
import { PROGRAMS as TRAFFIC } from '@deploy-actions/traffic';

/** A text that is sent to servers, as the checks see it. */
export interface SentProgram {
  name: string;
  parts: readonly Part[];
  /** Variables that are set before it begins. */
  given: readonly string[];
  /** Names of the results that its parts declare. */
  results: readonly string[];
  /** Its last lines, behind the parts. */
  end: string;
}

/** Everything that is sent to servers: every program in each of its variants, the host's own execs, and what is
 * asked outside of any run. */
export const SERVER_PROGRAMS: readonly SentProgram[] = [
  ...[...ARCHIVE, ...READINESS, ...RELEASE, ...RECORDED_PROGRAMS, ...TRAFFIC].map(
    (program: ServerProgram): SentProgram => ({
      name: program.name,
      parts: program.parts,
      given: [...program.parameters, ...program.later],
      results: Object.keys(program.results),
      end: programEnd(program),
    }),
  ),
  ...EXEC_NAMES.filter((exec) => exec !== '_inspect').map((exec): SentProgram => ({
    name: exec,
    parts: execParts(exec),
    given: [],
    results: [],
    end: execEnd(exec),
  })),
  ...[
    ...HOST_QUESTIONS,
    ...WATCH,
    EXPLAIN_COMPLAINT,
    USED_ENGINE,
    ...PROBE_QUESTIONS,
    ...RELEASE_QUESTIONS,
  ].map(({ name, parts, end }): SentProgram => ({ name, parts, given: [], results: [], end })),
];

/** The text exactly as it is sent, but for its values. */
export function textOf(
  { parts, end }: SentProgram,
  source: (part: Part) => string = (part) => part.source(),
): string {
  return parts.map((part) => sentText(source(part))).join('') + end;
}

/** The same for shellcheck: with what is given set, and the directives that stand in the sources. */
export function checkedText(
  { parts, given, end }: SentProgram,
  source: (part: Part) => string = (part) => part.source(),
): string {
  // From a command, or the values would be constants.
  const assignments = given.map((name) => `${name}=$(cat)\n`);
  const directive = (comment: string) => /^# shellcheck (?!shell=)/.test(comment);
  return [...assignments, ...parts.map((part) => sentText(source(part), directive)), end].join('');
}

/**
 * What shellcheck is not asked for any program: whether code can be reached, because functions are called by other parts and
 * by `run` and its kin. `wrongNames` knows these.
 */
export const NOT_ASKED = ['SC2317', 'SC2329'];
