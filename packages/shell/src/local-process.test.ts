import { expect, test } from '@jest/globals';
import { runLocal } from './index.ts';

const isUp = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

async function gone(pid: number): Promise<boolean> {
  const until = performance.now() + 5000;
  while (isUp(pid)) {
    if (performance.now() > until) return false;
    await new Promise((done) => setTimeout(done, 20));
  }
  return true;
}

test('a process answers with its exit code and output, and is given input and environment', async () => {
  const { code, stdout, stderr } = await runLocal(['sh', '-c', 'cat; echo "$A $HOME" >&2; exit 3'], {
    input: 'given',
    env: { PATH: process.env['PATH'], A: '1' },
  });
  expect([code, stdout.toString(), stderr.toString()]).toEqual([3, 'given', '1 \n']);
});

test('a process that takes too long is ended with its children, also when it ignores the first request', async () => {
  for (const script of ['sleep 60 & echo $!; wait', 'trap "" TERM; sleep 60 & echo $!; wait; sleep 60']) {
    const started = performance.now();
    const { code, stdout } = await runLocal(['sh', '-c', script], { timeout: 200 });
    expect(code).toBe(124);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(await gone(Number(stdout.toString()))).toBe(true);
  }
});

test('a process ends with the run, and the reason is the run’s', async () => {
  const controller = new AbortController();
  let child = 0;
  const running = runLocal(['sh', '-c', 'sleep 60 & echo $!; wait'], {
    signal: controller.signal,
    onStdout(bytes) {
      child = Number(bytes.toString());
      controller.abort(new Error('cancelled'));
    },
  });
  await expect(running).rejects.toMatchObject({ cause: new Error('cancelled') });
  expect(await gone(child)).toBe(true);
});

test('a program that is not there is said by its name', async () => {
  await expect(runLocal(['no-such-program'])).rejects.toMatchObject({
    kind: 'refused',
    message: 'no-such-program cannot be run on the runner',
  });
});
