import { type Field, FieldError, pattern, quote } from '@deploy-actions/kit';

/** A line of `compose-file` or `files`: a path inside the workspace, relative and without `..`. Throws FieldError. */
export function workspacePath(line: string): string {
  const path = line.replace(/^(?:\.\/)+/, '').replace(/\/+$/, '');
  if (path === '' || path.startsWith('/') || /(^|\/)\.\.(\/|$)/.test(path) || path.includes('\\')) {
    throw new FieldError(`${quote(line)} is not a path inside the repository`, {
      remedy: 'Write it relative to the root of the checkout, without `..`.',
    });
  }
  return path;
}

/** `env-file`: a file on the server, in `shared/` or absolute. */
export function envFile(): Field<string | undefined> {
  return pattern(/^(?!.*(?:^|\/)\.\.(?:\/|$))[A-Za-z0-9._@+/-]+$/, 'a plain path without ..');
}
