import { generateKeyPairSync } from 'node:crypto';

/** A throw-away key: the server inputs check that it is one before they connect. */
const KEY = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
  type: 'pkcs1',
  format: 'pem',
});

const DIGEST = `sha256:${'ab'.repeat(32)}`;

/**
 * A right value for every input that some action requires, so that one wrong or missing input can be tried at a
 * time. An input has one spelling and one meaning in all actions, so one sample serves them all.
 */
export const SAMPLES: Readonly<Record<string, string>> = samplesFor('127.0.0.1:9');

/** The same, where everything that is reached over the network is at one address, `host:port`. */
export function samplesFor(address: string): Record<string, string> {
  return {
    host: `deploy@${address}`,
    user: 'deploy',
    'ssh-key': KEY.toString(),
    'known-hosts': `[127.0.0.1]:${address.split(':')[1]!} SHA256:${Buffer.alloc(32, 7).toString('base64').replace(/=+$/, '')}`,
    path: '/srv/shop',
    project: 'shop',
    targets: `http://${address}/`,
    tests: `home: http://${address}/`,
    image: `${address}/org/shop@${DIGEST}`,
    images: `{"api":"${address}/org/shop@${DIGEST}"}`,
    'bot-token': `123456789:${'A'.repeat(35)}`,
    'chat-id': '-1001234567890',
    channel: '#deploys',
    status: 'success',
    proxy: 'nginx',
    routes: 'api: 8000',
  };
}

/** Texts that are wrong for most inputs; a test takes those that an input's own parser refuses. */
export const GARBAGE: readonly string[] = [
  'maybe',
  '-1',
  '1e999',
  '999999999999999999999',
  'two words',
  '=',
  '{"open": ',
  '[1, 2',
  ': : :',
  'http://',
  '%%%',
  '\u202ereversed',
  'x\n::warning::injected by an input\ny',
  '##[error]injected',
  'é'.repeat(5000),
];
