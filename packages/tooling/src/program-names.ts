import type { Part } from '@deploy-actions/host';
import { sentText } from '@deploy-actions/host/sent-text';
import { PROXIES } from '@deploy-actions/traffic';
import type { SentProgram } from './server-programs.ts';
import { type Command, type ShCommands, readCommands } from './sh-commands.ts';

/** The proxies, whose programs and functions bear their names. */
const KINDS: readonly string[] = PROXIES.map(({ kind }) => kind);

/** Commands of the shell itself (POSIX, and `local`, which dash, busybox and bash have). */
const BUILTINS = new Set(
  '. : [ alias bg break cd command continue echo eval exec exit export false fg getopts hash jobs kill local printf pwd read readonly return set shift test times trap true type ulimit umask unalias unset wait'.split(
    ' ',
  ),
);

/**
 * Programs that a server has, or whose absence the program asks for itself (`command -v`): coreutils, findutils,
 * util-linux, grep, sed, awk, procps, tar, gzip.
 */
const EXTERNAL: ReadonlySet<string> = new Set(
  'age restic awk basename cat chmod chown chgrp cksum cmp comm cp cut date dd df dirname du env find flock getent grep gzip head id install journalctl ln loginctl ls mkdir mktemp mv paste ps readlink rm rmdir sed setsid sh sha256sum sleep sort stat sync systemctl systemd-run tail tar timeout tr wc xargs crontab docker curl wget perl socat python3 nc sudo setfacl touch tee truncate uname uniq ss mkfifo nslookup od'
    .split(' ')
    .concat(KINDS, ['bash']),
);

/** Functions that run the command which their arguments are: how many words stand before it. */
const RUNNERS: Readonly<Record<string, number>> = {
  apart: 1,
  each_reference: 0,
  ask_aside: 1,
  run: 1,
  run_locked: 1,
  once: 1,
  marked: 1,
  wait_until: 2,
  run_within: 4,
  _stream_to: 1,
  _with_names: 2,
  place_named: 2,
  in_proxy: 0,
  within: 1,
  as_root: 0,
  need_root: 0,
  exec: 0,
  timeout: 1,
  env: 0,
};

/** Functions that the host's parts call, if a program defines them: they ask so by `command -v`. */
const OPTIONAL = new Set(['recover', 'engine_answers']);

/** What is wrong with the names of a program: functions that are defined twice, called and nowhere, or carried for nothing. */
export function wrongNames(
  program: SentProgram,
  source: (part: Part) => string = (part) => part.source(),
): string[] {
  const { commands, functions, reads, sets, taken } = commandsOfProgram(program, source);
  const defined = new Set(functions.map(({ name }) => name));
  const wrong: string[] = [];
  const seen = new Set<string>();
  for (const { name } of functions) {
    if (seen.has(name)) wrong.push(`${name} is defined twice`);
    seen.add(name);
  }
  const calls = new Map<string, Set<string>>();
  for (const command of commands) {
    for (const name of called(command)) {
      if (defined.has(name)) {
        const from = calls.get(command.within) ?? new Set();
        calls.set(command.within, from.add(name));
      } else if (!BUILTINS.has(name) && !EXTERNAL.has(name) && !name.includes('/') && !OPTIONAL.has(name)) {
        wrong.push(`${name} is called in ${command.within || 'the program'} and defined nowhere`);
      }
    }
  }
  const inParts = program.parts.map((part) => ({ part, ...commandsOf(source(part)) }));
  const reached = reachedBy(calls);
  for (const { part, commands: own, functions: defines, sets } of inParts) {
    // One that acts by itself, such as by setting what holds everywhere, is carried for that.
    if (own.some(({ within }) => within === '')) continue;
    // Words that other parts hand on, such as how a container's program is reached.
    if (
      defines.length === 0 &&
      inParts.some((one) => one.part !== part && [...sets].some((name) => one.reads.has(name)))
    )
      continue;
    if (!defines.some(({ name }) => reached.has(name))) {
      wrong.push(`no call from its last lines on reaches the part ${part.name}`);
    }
  }
  for (const name of reads) {
    if (sets.has(name) || taken.has(name) || program.given.includes(name)) continue;
    wrong.push(`${name} is read and set nowhere`);
  }
  wrong.push(...wrongResults(commands, program.results));
  for (const { texts } of commands) {
    if (texts[0] !== 'awk') continue;
    const text = texts.findLast((one) => one.startsWith("'")) ?? '';
    for (const [index, one] of texts.entries()) {
      const [, name] = (texts[index - 1] === '-v' && /^(\w+)=/.exec(one)) || [];
      if (name !== undefined && !/^[A-Z]+$/.test(name) && !new RegExp(`\\b${name}\\b`).test(text))
        wrong.push(`awk is given ${name} and does not use it`);
    }
  }
  return [...new Set(wrong)];
}

/**
 * Results that a program writes and whose form it does not declare, and the other way round. A variable in a name stands for
 * any text.
 */
function wrongResults(commands: readonly Command[], declared: readonly string[]): string[] {
  const written = commands
    .filter(({ words }) => ['result', 'result_file', 'result_text', 'apart'].includes(words[0] ?? ''))
    .map(({ texts }) => (texts[1] ?? '').replaceAll('"', ''))
    .filter((name) => !name.startsWith('_') && !name.startsWith('$'));
  const pattern = (name: string) => new RegExp(`^${name.replace(/\$\w+|\*/g, '.*')}$`);
  const same = (name: string, other: string) =>
    pattern(name).test(other) || pattern(other).test(name.replace(/\$\w+/g, 'x'));
  return [
    ...written
      .filter((name) => !declared.some((one) => same(name, one)))
      .map((name) => `the result ${name} is written and has no form`),
    ...declared
      .filter((one) => !written.some((name) => same(name, one)))
      .map((one) => `the result ${one} has a form and is not written`),
  ];
}

/** Variables that a part sets and that no program reads which carries it. */
export function idleVariables(
  programs: readonly SentProgram[],
  part: Part,
  source: (part: Part) => string = (one) => one.source(),
): string[] {
  const { sets } = commandsOf(source(part));
  const read = new Set(
    programs
      .filter(({ parts }) => parts.some(({ file }) => file === part.file))
      .flatMap(({ parts }) => parts.flatMap((one) => [...commandsOf(source(one)).reads])),
  );
  return [...sets].filter((name) => /^[a-z_]/.test(name) && !read.has(name));
}

const known = new Map<string, ShCommands>();

/** What stands in a part's text, which many programs carry; each text is read once. */
function commandsOf(text: string): ShCommands {
  const commands = known.get(text) ?? readCommands(sentText(text));
  known.set(text, commands);
  return commands;
}

/** What stands in a program: in its parts and its last lines, each of which is whole by itself. */
function commandsOfProgram({ parts, end }: SentProgram, source: (part: Part) => string): ShCommands {
  const all = [...parts.map((part) => commandsOf(source(part))), readCommands(end)];
  return {
    commands: all.flatMap((one) => one.commands),
    functions: all.flatMap((one) => one.functions),
    reads: new Set(all.flatMap((one) => [...one.reads])),
    sets: new Set(all.flatMap((one) => [...one.sets])),
    taken: new Set(all.flatMap((one) => [...one.taken])),
  };
}

/** Functions of the program that are reached from its last lines, by name. */
export function reachedFunctions(program: SentProgram): ReadonlySet<string> {
  const { commands } = commandsOfProgram(program, (part) => part.source());
  const calls = new Map<string, string[]>();
  for (const command of commands)
    calls.set(command.within, [...(calls.get(command.within) ?? []), ...called(command)]);
  return reachedBy(calls);
}

/** What is called outside of functions (by the name '') and, one call after the other, from there. */
function reachedBy(calls: ReadonlyMap<string, Iterable<string>>): ReadonlySet<string> {
  const reached = new Set<string>(['']);
  for (const one of reached) for (const name of calls.get(one) ?? []) reached.add(name);
  return reached;
}

/** The functions that a part defines. */
export function functionsOf(part: Part): string[] {
  return commandsOf(part.source()).functions.map(({ name }) => name);
}

/** The names of what a command runs: itself, and what it is told to run. */
function called({ words }: Command): string[] {
  const [name, ...rest] = words;
  if (name === undefined) return [];
  const names = [name];
  const before = RUNNERS[name];
  if (before !== undefined) {
    const inner = rest.slice(before);
    while (inner[0] !== undefined && /^([A-Za-z_]\w*=|-)/.test(inner[0])) inner.shift();
    names.push(...called({ words: inner, texts: [], within: '', line: 0 }));
  }
  // The function that ends what is waited for.
  if (name === 'run_within' && rest[2] !== undefined) names.push(rest[2]);
  if (name === 'trap' && rest[0] !== undefined && /^\w+$/.test(rest[0]) && rest[0] !== '-')
    names.push(rest[0]);
  // What each proxy defines.
  if (/^(?:of|each)_proxy$/.test(name) && rest[0] !== undefined)
    names.push(...KINDS.map((kind) => `${rest[0]}_${kind}`));
  if (name === 'command' && rest[0] === '-v' && OPTIONAL.has(rest[1] ?? '')) names.push(rest[1]!);
  return names;
}
