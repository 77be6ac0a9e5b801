import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { escapeHtml, escapeMarkdown } from './escape.ts';
import { redactor } from './redact.ts';

const secretText = fc
  .string({ minLength: 8, maxLength: 40, unit: 'grapheme' })
  .filter((s) => s.trim().length >= 8 && s.isWellFormed());

test('a secret is found as it is, in base64 at any offset, and in URLs', () => {
  fc.assert(
    fc.property(secretText, fc.string({ maxLength: 7 }), (secret, around) => {
      const { redact } = redactor([secret]);
      expect(redact(`${around}${secret}${around}`)).not.toContain(secret);
      expect(redact(`https://x/?q=${encodeURIComponent(secret)}`)).not.toContain(encodeURIComponent(secret));
      const basic = Buffer.from(`${around}:${secret}`).toString('base64');
      expect(redact(`Basic ${basic}`)).toContain('***');
    }),
    { numRuns: 500 },
  );
});

test('a secret is found in every text that it was escaped for', () => {
  fc.assert(
    fc.property(secretText, (secret) => {
      const { redact } = redactor([secret]);
      for (const escaped of [
        escapeMarkdown(secret),
        escapeHtml(secret),
        new URLSearchParams({ q: secret }).toString().slice(2),
        `'${secret.replace(/'/g, "'\\''")}'`,
      ]) {
        expect(redact(`before ${escaped} after`)).not.toContain(escaped);
      }
    }),
    { numRuns: 500 },
  );
});

test('each line of a private key is a secret, its armour is not', () => {
  const key =
    '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\nQyNTUxOQAAACDxyz\n-----END OPENSSH PRIVATE KEY-----\n';
  const { redact } = redactor([key]);
  expect(redact('line QyNTUxOQAAACDxyz')).toBe('line ***');
  expect(redact('-----BEGIN OPENSSH PRIVATE KEY-----')).toBe('-----BEGIN OPENSSH PRIVATE KEY-----');
});

test('a value too short to hide is left alone', () => {
  expect(redactor(['abc']).redact('abcdef')).toBe('abcdef');
});

test('a secret inside another one does not uncover the rest', () => {
  expect(redactor(['password', 'password-long-tail']).redact('x password-long-tail y')).toBe('x *** y');
});

test('a secret that was cut short is masked before the ellipsis and at the end, and nowhere else', () => {
  const token = 'ghp_0123456789ABCDEFGHIJ0123456789';
  const { redact } = redactor([token]);
  expect(redact(`it begins "${token.slice(0, 30)}…" and more`)).toBe('it begins "***…" and more');
  expect(redact(`x ${token.slice(0, 12)}`)).toBe('x ***');
  expect(redact(`x ${token.slice(0, 11)}`)).toBe(`x ${token.slice(0, 11)}`);
  expect(redact(`${token.slice(0, 20)} x`)).toBe(`${token.slice(0, 20)} x`);
});

test('what is left of a secret that was cut off by an ellipsis is masked from four characters on', () => {
  const { redact } = redactor(['S3cr3t-0123456789-abcdefghijklmnop']);
  expect(redact('got S3cr…')).toBe('got ***…');
  expect(redact('got S3cr3t-0123…; wanted S3cr3t-0123456789-abc…')).toBe('got ***…; wanted ***…');
  expect(redact('got S3c…')).toBe('got S3c…');
  // An end alone is no sign that something was cut.
  expect(redact('it ends S3cr3t')).toBe('it ends S3cr3t');
});
