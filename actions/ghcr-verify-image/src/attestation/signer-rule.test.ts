import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Signer } from '@deploy-actions/sigstore';
import { type SignerRule, parseRepository, parseSignerWorkflow, signerComplaint } from './signer-rule.ts';

const signer: Signer = {
  subject: 'https://github.com/acme/shop/.github/workflows/build.yml@refs/heads/main',
  issuer: 'https://token.actions.githubusercontent.com',
  sourceRepository: 'https://github.com/acme/shop',
  sourceDigest: undefined,
  sourceRef: undefined,
  runUrl: undefined,
};
const rule: SignerRule = { serverUrl: 'https://github.com', repository: 'acme/shop', workflow: undefined };

test('the run of the repository is taken, whatever its letters', () => {
  expect(signerComplaint(signer, rule)).toBeUndefined();
  expect(signerComplaint(signer, { ...rule, repository: 'Acme/Shop' })).toBeUndefined();
  expect(
    signerComplaint(signer, { ...rule, workflow: parseSignerWorkflow('.github/workflows/build.yml') }),
  ).toBeUndefined();
  expect(
    signerComplaint(signer, {
      ...rule,
      workflow: parseSignerWorkflow('acme/shop/.github/workflows/build.yml@refs/heads/main'),
    }),
  ).toBeUndefined();
});

test('any other text where the repository, the workflow or the ref stands is refused', () => {
  const other = fc.string({ minLength: 1, maxLength: 12 });
  const text = fc.tuple(fc.constantFrom('before', 'after'), other);
  fc.assert(
    fc.property(text, ([where, extra]) => {
      const add = (value: string) => (where === 'before' ? extra + value : value + extra);
      expect(
        signerComplaint({ ...signer, sourceRepository: add(signer.sourceRepository!) }, rule),
      ).toBeDefined();
      expect(signerComplaint({ ...signer, subject: extra + signer.subject }, rule)).toBeDefined();
      const exact = { ...rule, workflow: parseSignerWorkflow('.github/workflows/build.yml@refs/heads/main') };
      expect(signerComplaint({ ...signer, subject: signer.subject + extra }, exact)).toBeDefined();
      expect(signerComplaint({ ...signer, issuer: extra + signer.issuer! }, rule)).toBeDefined();
    }),
  );
  // A dot in a name is a dot.
  expect(
    signerComplaint(
      { ...signer, sourceRepository: 'https://github.com/acmexshop/app' },
      { ...rule, repository: 'acme.shop/app' },
    ),
  ).toBeDefined();
  expect(signerComplaint({ ...signer, sourceRepository: undefined }, rule)).toMatch(/an unnamed repository/);
  expect(signerComplaint({ ...signer, subject: 'someone@example.com' }, rule)).toMatch(/no workflow/);
});

test("each GitHub has its own issuer, and no other's is taken", () => {
  const at = (serverUrl: string, issuer: string | undefined) => {
    const move = (url: string) => url.replace('https://github.com', serverUrl);
    const moved = {
      ...signer,
      issuer,
      subject: move(signer.subject),
      sourceRepository: move(signer.sourceRepository!),
    };
    return signerComplaint(moved, { ...rule, serverUrl }) === undefined;
  };
  expect(at('https://github.com', 'https://token.actions.githubusercontent.com/acme-enterprise')).toBe(true);
  expect(at('https://acme.ghe.com', 'https://token.actions.acme.ghe.com')).toBe(true);
  expect(at('https://git.acme.example', 'https://git.acme.example/_services/token')).toBe(true);
  for (const issuer of [
    undefined,
    '',
    'https://token.actions.githubusercontent.com/a/b',
    'https://token.actions.acme.ghe.com',
    'https://git.acme.example/_services/token',
  ]) {
    expect(at('https://github.com', issuer)).toBe(false);
  }
  expect(at('https://acme.ghe.com', 'https://token.actions.githubusercontent.com')).toBe(false);
  expect(at('https://git.acme.example', 'https://token.actions.githubusercontent.com')).toBe(false);
});

test('what names no repository or workflow is refused', () => {
  for (const text of ['acme', 'acme/', '/shop', 'acme/shop/more', 'acme/.*|', 'acme shop/x', '-acme/shop']) {
    expect(() => parseRepository(text)).toThrow(/is not a repository/);
  }
  for (const text of [
    'build.yml',
    '.github/workflows/',
    '.github/workflows/a/b.yml',
    '.github/workflows/.*',
    'acme/.github/workflows/b.yml',
    '.github/workflows/b.yml@main',
    '.github/workflows/b.yml@',
  ]) {
    expect(() => parseSignerWorkflow(text)).toThrow(/is not a workflow/);
  }
});
