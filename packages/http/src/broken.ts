import { codeOf, inWords } from './error.ts';

/** llhttp's codes in the words of RFC 9112. */
const BROKEN: Record<string, string> = {
  HPE_INVALID_CONSTANT: 'it does not begin with HTTP/1.1',
  HPE_INVALID_VERSION: 'its version is none',
  HPE_INVALID_STATUS: 'its status is no number of three digits',
  HPE_INVALID_HEADER_TOKEN: 'a header line holds a character that may not stand there, or no colon',
  HPE_INVALID_CONTENT_LENGTH: 'its Content-Length is no number',
  HPE_UNEXPECTED_CONTENT_LENGTH: 'it has a Content-Length where none may stand',
  HPE_INVALID_TRANSFER_ENCODING: 'its Transfer-Encoding is not chunked',
  HPE_INVALID_CHUNK_SIZE: 'the size of a chunk is no hexadecimal number',
  HPE_LF_EXPECTED: 'a line ends with CR alone, not with CRLF',
  HPE_CR_EXPECTED: 'a line ends with LF alone, not with CRLF',
  HPE_STRICT: 'a line or chunk does not end with CRLF',
  HPE_CLOSED_CONNECTION: 'more came after its end',
};

/**
 * What is wrong with a head that the parser stopped at, in the words of RFC 9112, sections 2.2 and 6.3; undefined where
 * nothing of the kind is seen.
 */
function headTrouble(heard: Buffer): string | undefined {
  const text = heard.toString('latin1');
  const head = text.slice(0, /\r?\n\r?\n/.exec(text)?.index ?? text.length);
  if (/(?:^|[^\r])\n/.test(head)) return 'a line of its head ends with LF alone, not with CRLF';
  if (/\r(?!\n)/.test(head)) return 'a line of its head ends with CR alone, not with CRLF';
  const valuesOf = (name: string) =>
    [...head.matchAll(new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*\\r?$`, 'gim'))].map(([, value]) => value!);
  const lengths = valuesOf('content-length');
  if (lengths.length > 0 && valuesOf('transfer-encoding').length > 0)
    return 'it has both Transfer-Encoding and Content-Length, as in request smuggling';
  if (lengths.length > 1 || lengths[0]?.includes(','))
    return `it has Content-Length more than once (${lengths.join(' and ').slice(0, 60)})`;
  return undefined;
}

/**
 * Why an exchange broke off, in words.
 *
 * @param inBody the answer's head has come
 * @param heard the beginning of the answer
 */
export function explainBroken(error: Error, inBody: boolean, heard: Buffer): string {
  const code = codeOf(error) ?? '';
  // undici's words for a 1xx that it does not expect (RFC 9110, section 15.2).
  if (error.message === 'bad response') return 'the server sent 100 Continue, which nobody asked for';
  if (error.message === 'bad upgrade')
    return 'the server sent 101 Switching Protocols, which nobody asked for';
  if (code === 'UND_ERR_SOCKET') {
    return inBody ? 'connection closed in the middle of the answer' : 'connection closed without an answer';
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return inBody
      ? `connection reset in the middle of the answer (${code})`
      : `connection reset without an answer (${code})`;
  }
  if (code.startsWith('HPE_') || code === 'ERR_ASSERTION') {
    const words = (inBody ? undefined : headTrouble(heard)) ?? BROKEN[code];
    const why = words === undefined ? '' : `: ${words}`;
    return `the answer is ${inBody ? 'broken' : 'not'} HTTP${why}${code.startsWith('HPE_') ? ` (${code})` : ''}`;
  }
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return 'the headers of the answer are larger than 64 KiB';
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') {
    // undici says so of every head that is broken behind a Content-Length.
    const why = inBody ? undefined : headTrouble(heard);
    if (why !== undefined) return `the answer is not HTTP: ${why}`;
    return inBody ? 'the answer is shorter than its Content-Length' : 'the answer is not HTTP';
  }
  return inWords(error);
}
