import { GitHubError } from './error.ts';

/** Readers of what GitHub answers: each takes a value as documented, or throws a GitHubError that says what is not. */

type Fields = Readonly<Record<string, unknown>>;

function malformed(what: string): GitHubError {
  return new GitHubError(`GitHub's answer is not as documented: ${what}`, { trouble: 'malformed' });
}

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw malformed(`${what} is no object`);
  return value as Fields;
}

/** The object in a field; empty where it is null or missing. */
export function innerFields(from: Fields, key: string): Fields {
  const value = from[key];
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listIn(from: Fields, key: string): readonly unknown[] {
  const value = from[key];
  if (!Array.isArray(value)) throw malformed(`\`${key}\` is no list`);
  return value;
}

export function textIn(from: Fields, key: string): string {
  const value = from[key];
  if (typeof value !== 'string') throw malformed(`\`${key}\` is no text`);
  return value;
}

/** The text in a field; empty where it is null, missing or something else. */
export function textOrNone(from: Fields, key: string): string {
  const value = from[key];
  return typeof value === 'string' ? value : '';
}

/** A whole number of at least 0, such as an id. */
export function countIn(from: Fields, key: string): number {
  const value = from[key];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw malformed(`\`${key}\` is no whole number`);
  return value;
}

/** The name of a commit or of another object of Git: SHA-1 or SHA-256 in hexadecimal. */
export function objectIn(from: Fields, key: string): string {
  const value = textIn(from, key);
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(value)) throw malformed(`\`${key}\` names no object of Git`);
  return value;
}
