import { type ReadyProgram, defineInspection, defineProgram } from '../define-program.ts';
import type { Part } from '../part.ts';
import { FORMS } from '../result-forms.ts';

/** A program of a test's own. */
export interface TestProgram {
  /** sh that stands where a program's parts do. */
  body: string;
  parameters?: Readonly<Record<string, string>> | undefined;
  secrets?: Readonly<Record<string, string>> | undefined;
}

/** An operation's program from a test's own text. */
export function testProgram(given: TestProgram): ReadyProgram<'operation'> {
  return readyOf(defineProgram, given);
}

/** An inspection's program from a test's own text. */
export function testInspection(given: TestProgram): ReadyProgram<'inspection'> {
  return readyOf(defineInspection, given);
}

function readyOf<P>(
  define: (definition: {
    name: string;
    parts: readonly Part[];
    parameters: readonly string[];
    secrets: readonly string[];
  }) => { with(values: Readonly<Record<string, string>>): P },
  { body, parameters = {}, secrets = {} }: TestProgram,
): P {
  const values = { ...parameters, ...secrets };
  const text: Part = {
    name: 'test',
    file: body,
    needs: [],
    parameters: [],
    results: { '*': FORMS.text },
    source: () => body,
    sent: () => `${body}\n`,
  };
  return define({
    name: 'test',
    parts: [text],
    parameters: Object.keys(values),
    secrets: Object.keys(secrets),
  }).with(values);
}
