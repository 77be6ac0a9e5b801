import { Failure, type Place } from '@deploy-actions/kit';
import type { Workspace } from '@deploy-actions/workspace';

/**
 * The same Failure with the place in the user's compose file: Compose names a line, a key path such as
 * `services.web.ports`, or a service. Paths of the server's staging folder become the user's own.
 */
export async function placeInComposeFile(error: unknown, workspace: Workspace, stage = ''): Promise<unknown> {
  if (!(error instanceof Failure) || error.code !== 'compose-invalid') return error;
  const named = workspace.composeFiles.find((file) => error.message.includes(`/${file.path}:`));
  const file = named ?? workspace.composeFiles[0]!;
  const prefix = workspace.folder === '' ? '' : `${workspace.folder}/`;
  const place: Place = {
    file: prefix + file.path,
    ...(await positionIn(file.content.toString('utf8'), error.message)),
  };
  const folder = /\/[^\s:]*\/files\/project\/[^\s:/]+\//g;
  const message = error.message.replace(stage === '' ? folder : `${stage}/`, prefix);
  return new Failure(error.kind, message, {
    code: error.code,
    input: 'compose-file',
    remedy: error.remedy ?? `Try it where the file is: docker compose -f ${place.file} config`,
    details: error.details,
    cause: error.cause,
    place,
  });
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
