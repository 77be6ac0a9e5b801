import { expect, test } from '@jest/globals';
import { answerStream } from './bootstrap.ts';

const NONCE = '0123456789abcdef';
const ANSWER = `Welcome\n\n${NONCE}\nthe answer\n`;

test.each(Array.from(ANSWER, (_, at) => at))(
  'the answer is told from what was printed before, cut at byte %i',
  (at) => {
    const heard: Buffer[] = [];
    const stream = answerStream(NONCE, (bytes) => heard.push(bytes));
    stream.push(Buffer.from(ANSWER.slice(0, at)));
    stream.push(Buffer.from(ANSWER.slice(at)));
    expect([stream.begun, stream.noise(), String(Buffer.concat(heard))]).toEqual([
      true,
      'Welcome',
      'the answer\n',
    ]);
  },
);

test('the answer is told byte by byte, and a mark that only begins is none', () => {
  const heard: Buffer[] = [];
  const stream = answerStream(NONCE, (bytes) => heard.push(bytes));
  for (const byte of Buffer.from(`\n${NONCE.slice(0, -1)}\n${NONCE}\nx`)) stream.push(Buffer.from([byte]));
  expect([stream.noise(), String(Buffer.concat(heard))]).toEqual([NONCE.slice(0, -1), 'x']);
});

test('noise without end is told once, with its last words, and takes its length in work and no more', () => {
  const told: string[] = [];
  const stream = answerStream(
    NONCE,
    () => {},
    (noise) => told.push(noise),
  );
  const began = performance.now();
  // As sshd may send it: a packet for each line of a loop that echoes.
  for (let line = 0; line < 200_000; line += 1) stream.push(Buffer.from('garbage\n'));
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(/^(garbage\n){200,250}garbage$/);
  expect([stream.begun, stream.noise()]).toEqual([false, told[0]]);
});
