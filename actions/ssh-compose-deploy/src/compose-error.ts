import { Failure } from '@deploy-actions/kit';
import { type Workspace } from './workspace.ts';

/** The same Failure with the place in the user's compose file, where Compose's words or the key in them tell it. */
export async function placeInComposeFile(error: unknown, workspace: Workspace): Promise<unknown> {
  if (!(error instanceof Failure) || !error.message.startsWith('the compose configuration is not valid')) return error;
  const file = workspace.composeFiles[0]!;
  const name = workspace.folder === '' ? file.path : `${workspace.folder}/${file.path}`;
  const line = /\bline (\d+)/.exec(error.message)?.[1];
  return new Failure(error.kind, error.message, { ...error, cause: error.cause, place: { file: name, line: line ? Number(line) : 1 } });
}
