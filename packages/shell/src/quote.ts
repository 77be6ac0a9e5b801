import { Failure } from '@deploy-actions/kit';

/**
 * An argument vector as one line of POSIX sh that means exactly these words: no expansion, no splitting, no
 * option of ours. Works for dash, busybox sh, bash and ksh (not for csh and fish, which unquote differently:
 * sessions never show them data). An `input` Failure for NUL, which no argument can hold.
 */
export function quote(argv: readonly string[]): string {
  return argv.map(quoteWord).join(' ');
}

/** Words of these characters alone mean themselves everywhere; `=` is left out, for it makes an assignment. */
const PLAIN = /^[A-Za-z0-9_/:.,@%+-]+$/;

function quoteWord(word: string): string {
  if (word.includes('\0')) {
    throw new Failure('input', 'a value for the server contains a NUL character, which no argument can hold');
  }
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
