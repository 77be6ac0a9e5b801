import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Part } from '@deploy-actions/host';
import { sentText } from '@deploy-actions/host/sent-text';
import { pool } from '@deploy-actions/kit';
import { idleVariables, wrongNames } from './program-names.ts';
import { runProgram } from './program.ts';
import { NOT_ASKED, SERVER_PROGRAMS, type SentProgram, checkedText } from './server-programs.ts';
import { readCommands } from './sh-commands.ts';

/** What notices a misspelt name: the reader of sh, the check of names, shellcheck. */
export type Check = 'syntax' | 'names' | 'shellcheck';

interface Mutation {
  part: Part;
  text: string;
  name: string;
  into: string;
  line: number;
  kind: 'variable' | 'function';
}

/** A source of numbers below a limit, the same ones for the same seed (Mulberry32). */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const parts = new Map<string, Part>();
for (const { parts: carried } of SERVER_PROGRAMS) for (const part of carried) parts.set(part.file, part);
const functions = new Set([...parts.values()].flatMap((part) => functionNames(part)));

/** Every place of a name in the text of a part without its comments: offset, name, and what it is. */
function places(part: Part): { at: number; name: string; kind: Mutation['kind'] }[] {
  const text = sentText(part.source());
  const found: { at: number; name: string; kind: Mutation['kind'] }[] = [];
  const add = (pattern: RegExp, kind: Mutation['kind']) => {
    for (const match of text.matchAll(pattern)) {
      const name = match.groups!['name']!;
      found.push({ at: match.index + match[0].lastIndexOf(name), name, kind });
    }
  };
  // Not in single quotes, where awk and Docker have names of their own.
  add(/\$\{?#?(?<name>[a-z_][a-z0-9_]{2,})/g, 'variable');
  add(/(?<![\w$.\\-])(?<name>[a-z_][a-z0-9_]{2,})(?==)/g, 'variable');
  for (const name of functions) {
    for (const match of text.matchAll(new RegExp(`(?<![\\w$.{/-])${name}(?![\\w=.-])`, 'g'))) {
      found.push({ at: match.index, name, kind: 'function' });
    }
  }
  const commands = readCommands(text);
  const called = new Set([
    ...commands.functions.map(({ name }) => name),
    ...commands.commands.flatMap(({ words }) => words.slice(0, 4)),
  ]);
  const variables = new Set([...commands.reads, ...commands.sets, ...commands.taken]);
  return found.filter(({ at, name, kind }) => {
    if (insideQuotes(text, at)) return false;
    // An argument such as `conv=fsync` looks like a variable that is set.
    return (kind === 'variable' ? variables : called).has(name);
  });
}

/** Whether a place is within single quotes. */
function insideQuotes(text: string, at: number): boolean {
  let single = false;
  let double = false;
  for (let position = 0; position < at; position += 1) {
    const character = text[position];
    if (character === '\\' && !single) position += 1;
    else if (character === "'" && !double) single = !single;
    else if (character === '"' && !single) double = !double;
  }
  return single;
}

function functionNames(part: Part): string[] {
  return readCommands(sentText(part.source())).functions.map(({ name }) => name);
}

function mutate(below: (limit: number) => number): Mutation {
  const all = [...parts.values()];
  for (;;) {
    const part = all[below(all.length)]!;
    const text = sentText(part.source());
    const there = places(part);
    if (there.length === 0) continue;
    const { at, name, kind } = there[below(there.length)]!;
    const letter = below(name.length);
    const other = 'abcdefghijklmnopqrstuvwxyz'[below(26)]!;
    const into = name.slice(0, letter) + other + name.slice(letter + 1);
    if (into === name) continue;
    return {
      part,
      text: text.slice(0, at) + into + text.slice(at + name.length),
      name,
      into,
      line: text.slice(0, at).split('\n').length,
      kind,
    };
  }
}

/** What notices it; undefined where nothing does. */
async function caughtBy({ part, text }: Mutation, folder: string, index: number): Promise<Check | undefined> {
  const source = (one: Part) => (one.file === part.file ? text : one.source());
  const carrying = SERVER_PROGRAMS.filter((program) => program.parts.some(({ file }) => file === part.file));
  for (const program of carrying) {
    try {
      if (wrongNames(program, source).length > 0) return 'names';
    } catch {
      return 'syntax';
    }
  }
  if (idleVariables(SERVER_PROGRAMS, part, source).length > 0) return 'names';
  // One of each kind first: most are noticed there.
  const ordered = [...carrying].sort((a, b) => shape(a) - shape(b));
  for (const [number, program] of ordered.entries()) {
    const file = join(folder, `${index}-${number}`);
    writeFileSync(file, checkedText(program, source));
    const { code } = await runProgram('shellcheck', [
      '--shell=dash',
      `--exclude=${NOT_ASKED.join(',')}`,
      file,
    ]);
    if (code !== 0) return 'shellcheck';
  }
  return undefined;
}

function shape({ name }: SentProgram): number {
  return /^(deploy|inspect|switch haproxy|timer traefik|install haproxy|_launch)$/.test(name) ? 0 : 1;
}

/** What the checks noticed of so many misspelt names. */
export interface Misspellings {
  count: number;
  /** How many each check noticed first. */
  noticed: ReadonlyMap<Check, number>;
  /** A sentence for each that nothing noticed. */
  missed: readonly string[];
}

/**
 * Misspells `count` names of server programs, one at a time: one letter of one variable or function name, at a random place
 * in a random part, the same ones for the same seed. Noticed is what `npm test -- unit shellcheck` would fail by, without
 * Docker and without running anything. Throws where a check fails without a misspelt name, since it would notice all.
 */
export async function misspell({ seed, count }: { seed: number; count: number }): Promise<Misspellings> {
  for (const program of SERVER_PROGRAMS) {
    const before = wrongNames(program);
    if (before.length > 0) throw new Error(`${program.name} is not well as it is: ${before.join(', ')}`);
  }
  for (const part of parts.values()) {
    const before = idleVariables(SERVER_PROGRAMS, part);
    if (before.length > 0) throw new Error(`${part.name} is not well as it is: it sets ${before.join(', ')}`);
  }
  const below = numbers(seed);
  const mutations = Array.from({ length: count }, () => mutate(below));
  const folder = mkdtempSync(join(tmpdir(), 'misspelling-'));
  const noticed = new Map<Check, number>();
  const missed: string[] = [];
  try {
    await pool([...mutations.entries()], availableParallelism(), async ([index, mutation]) => {
      const by = await caughtBy(mutation, folder, index);
      if (by !== undefined) return noticed.set(by, (noticed.get(by) ?? 0) + 1);
      const { part, name, into, line, kind } = mutation;
      return missed.push(`${part.name}.sh, line ${line} as sent: the ${kind} ${name} as ${into}`);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return { count, noticed, missed };
}
