import { posix } from 'node:path';
import { Failure, type FailureDetails, type Place } from '@deploy-actions/kit';
import type { Workspace } from './workspace.ts';

/** Where things are on the server. */
export interface ServerFiles {
  /** The application's folder. */
  path: string;
  /** As `env-file` has it: absolute, or in `shared/`. */
  envFile: string;
}

/** The folder that Compose read the configuration in, on the server: its last part is the application's. */
const STAGE = /\/[^\s:"']*\/files\/project\//g;

/**
 * The Failure of a configuration that Compose cannot read, told by what the user has: the place in a file of the checkout
 * (Compose names a line, a key path such as `services.web.ports`, or a service), the user's paths instead of those of the
 * folder that it was read in, and, for a file or a variable that is missing, what gives it. Other errors stay as they are.
 */
export async function placeInComposeFile(
  error: unknown,
  workspace: Workspace,
  server: ServerFiles,
): Promise<unknown> {
  if (!(error instanceof Failure)) return error;
  if (error.code === 'not-for-swarm') return await placeOfKey(error, workspace);
  if (error.code !== 'compose-invalid') return error;
  const base = server.path.slice(server.path.lastIndexOf('/') + 1);
  const said = error.message.replace(STAGE, '\0');
  const absent = new RegExp(
    `\\0(\\S+?)(?: not found|: (?:no such file or directory|not a directory|is a directory))`,
  ).exec(said);
  if (absent) return await missingFile(posix.relative(base, absent[1]!), error, workspace, server);
  const variable = /required variable (\w+) is missing a value(?:: (.*))?$/.exec(said);
  if (variable) return missingVariable(variable[1]!, variable[2]?.trim(), error, workspace, server);
  const prefix = prefixOf(workspace);
  const message = said.replaceAll(`\0${base}/`, prefix).replaceAll('\0', `${prefix}../`);
  const named = workspace.composeFiles.find((file) => message.includes(`${prefix}${file.path}:`));
  const file = named ?? workspace.composeFiles[0]!;
  const place: Place = {
    file: prefix + file.path,
    ...(await positionIn(file.content.toString('utf8'), message)),
  };
  return again(error, message, {
    input: 'compose-file',
    remedy: error.remedy ?? `Try it where the file is: docker compose -f ${place.file} config`,
    place,
  });
}

/** What the paths of the checkout begin with. */
function prefixOf({ folder }: Workspace): string {
  return folder === '' ? '' : `${folder}/`;
}

function again(error: Failure, message: string, more: FailureDetails): Failure {
  return new Failure(error.kind, message, {
    code: error.code,
    details: error.details,
    cause: error.cause,
    ...more,
  } as FailureDetails);
}

/** The Failure with the place of the key that its message names, in the compose file that has most of its path. */
async function placeOfKey(error: Failure, workspace: Workspace): Promise<Failure> {
  const path = pathIn(error.message);
  let best: { place: Place; depth: number } | undefined;
  const { parseDocument } = await import('@deploy-actions/document');
  for (const file of workspace.composeFiles) {
    // Compose has read them all.
    const document = await parseDocument(file.content.toString('utf8'), { merge: true });
    const depth = depthOf(document.value, path);
    // What a later file says counts.
    if (best !== undefined && depth < best.depth) continue;
    best = { place: { file: prefixOf(workspace) + file.path, ...document.place(path, 'key') }, depth };
  }
  return again(error, error.message, { input: error.input, remedy: error.remedy, place: best?.place });
}

/** How many keys of a path are there. */
function depthOf(value: unknown, path: readonly string[]): number {
  let at = value;
  for (const [index, key] of path.entries()) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return index;
    at = (at as Record<string, unknown>)[key];
  }
  return path.length;
}

async function missingFile(
  missing: string,
  error: Failure,
  workspace: Workspace,
  server: ServerFiles,
): Promise<Failure> {
  const prefix = prefixOf(workspace);
  const place = mentionOf(workspace, (line) => line.includes(missing));
  const reads = `${place.file} reads ${prefix}${missing}`;
  const kept = `${server.path}/shared/${missing}`;
  if (missing.startsWith('../')) {
    return again(error, `${reads}, which is outside of the compose file's folder`, {
      code: 'file-not-sent',
      input: 'compose-file',
      remedy: `Only what lies below ${workspace.folder === '' ? 'the folder of the compose file' : workspace.folder} is sent: move it there, or name a compose file further up.`,
      place,
    });
  }
  if ((await workspace.has(missing)) !== undefined) {
    return again(error, `${reads}, which is in the repository but not among \`files\``, {
      code: 'file-not-sent',
      input: 'files',
      remedy: `Add this line to \`files\`: ${missing}`,
      place,
    });
  }
  return again(error, `${reads}, which is neither in the repository nor on the server`, {
    code: 'file-not-sent',
    input: 'compose-file',
    remedy: `If it holds secrets or is the server's own, put it there, with mode 0600: ${kept}. Else commit it, and add this line to \`files\`: ${missing}`,
    place,
  });
}

function missingVariable(
  name: string,
  wanted: string | undefined,
  error: Failure,
  workspace: Workspace,
  server: ServerFiles,
): Failure {
  const place = mentionOf(workspace, (line) => new RegExp(`\\$\\{?${name}\\b`).test(line));
  const envFile = server.envFile.startsWith('/') ? server.envFile : `${server.path}/shared/${server.envFile}`;
  const text = wanted ? ` (${wanted})` : '';
  return again(error, `${place.file} needs a value for the variable ${name}${text}`, {
    code: 'variable-missing',
    input: 'env',
    remedy: `Add a line ${name}=… to \`env\`, or to the env file on the server: ${envFile}`,
    place,
  });
}

/** The first line of what was sent that speaks of something; line 1 of the first compose file where none does. */
function mentionOf(workspace: Workspace, speaks: (line: string) => boolean): Place {
  const prefix = prefixOf(workspace);
  const yaml = workspace.files.filter(({ path }) => /\.ya?ml$/.test(path));
  for (const file of [...workspace.composeFiles, ...yaml]) {
    const line = file.content
      .toString('utf8')
      .split('\n')
      .findIndex((one) => !/^\s*#/.test(one) && speaks(one));
    if (line >= 0) return { file: prefix + file.path, line: line + 1 };
  }
  return { file: prefix + workspace.composeFiles[0]!.path, line: 1 };
}

/** Line and column of what an error message of Compose speaks of, both from 1. */
export async function positionIn(text: string, message: string): Promise<{ line: number; column?: number }> {
  const told = /\bline (\d+)/.exec(message);
  if (told) return { line: Number(told[1]) };
  const { parseDocument } = await import('@deploy-actions/document');
  try {
    const document = await parseDocument(text, { merge: true });
    return document.place(pathIn(message), 'key');
  } catch (error) {
    const problem = (error as { problems?: { line: number; column: number }[] }).problems?.[0];
    return problem ? { line: problem.line, column: problem.column } : { line: 1 };
  }
}

/** `services.web.ports`, `service "web"`, and `Additional property x`, as a path of keys. */
function pathIn(message: string): string[] {
  const service = /\bservice "([^"]+)"/.exec(message);
  if (service) return ['services', service[1]!];
  const dotted = /\b((?:services|networks|volumes|configs|secrets)\.[A-Za-z0-9_.-]+)/.exec(message);
  const path = dotted ? dotted[1]!.replace(/\.+$/, '').split('.') : [];
  const extra = /Additional property (\S+) is not allowed/.exec(message);
  return extra ? [...path, extra[1]!] : path;
}
