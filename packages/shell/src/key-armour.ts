import { FieldError } from '@deploy-actions/kit';

/**
 * The text of a private key in its usual form, from whatever a secret's way through forms and shells made of
 * it: base64 over the whole file, CRLF, `\n` in place of newlines, all on one line, no newline at the end.
 * FieldError (which quotes nothing of it) when it is no private key.
 */
export function armour(value: string): string {
  let text = value.trim();
  if (!text.includes('-----')) {
    const compact = text.replace(/\s+/g, '');
    const decoded = /^[A-Za-z0-9+/_-]+=*$/.test(compact)
      ? Buffer.from(compact, 'base64').toString('latin1')
      : '';
    if (!decoded.includes('-----BEGIN ')) {
      if (text.startsWith('PuTTY-User-Key-File')) {
        throw new FieldError('is a PuTTY key', {
          remedy: 'Convert it: puttygen key.ppk -O private-openssh -o key',
        });
      }
      throw new FieldError(
        /^(ssh-|ecdsa-|sk-)/.test(text) ? 'is a public key, not the private one' : 'is not a private key',
        { remedy: 'Give the whole file, from -----BEGIN to -----END, or its base64.' },
      );
    }
    text = decoded.trim();
  }
  text = text.replace(/\\r|\r/g, '').replace(/\\n/g, '\n');
  const match = /-----BEGIN ([A-Z0-9 ]+)-----([\s\S]*?)-----END \1-----/.exec(text);
  if (!match) {
    throw new FieldError('is cut off: it has no matching -----BEGIN and -----END lines', {
      remedy: 'Give the whole file, its last line included.',
    });
  }
  const [, label, inside] = match as unknown as [string, string, string];
  if (!label.endsWith('PRIVATE KEY')) {
    throw new FieldError(`is a ${label.toLowerCase()}, not a private key`);
  }
  // The two headers of an encrypted PEM key (RFC 1421) end where the base64 of the body begins.
  const headers: string[] = [];
  const body = inside.replace(/Proc-Type:\s*\S+|DEK-Info:\s*\S+/g, (header) => {
    headers.push(header.replace(/:\s*/, ': '));
    return '';
  });
  const base64 = body.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]+=*$/.test(base64)) throw new FieldError('is damaged: its body is not base64');
  return [
    `-----BEGIN ${label}-----`,
    ...(headers.length > 0 ? [...headers, ''] : []),
    ...base64.match(/.{1,64}/g)!,
    `-----END ${label}-----`,
    '',
  ].join('\n');
}
