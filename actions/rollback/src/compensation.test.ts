import { expect, test } from '@jest/globals';
import type { Member, MemberOutcome, ReadyProgram } from '@deploy-actions/host';
import { testProgram } from '@deploy-actions/host/testing';
import { type MovingDecision, takenBack } from './compensation.ts';

const flipping = testProgram({
  body: '',
  parameters: {
    target: 'blue',
    steps: '100',
    expect_slot: 'r1',
    marks_bad: 'r2',
    marks_good: '',
    hosts: '2',
    reason: '',
  },
});
const redeploying = testProgram({
  body: '',
  parameters: {
    release: 'r1',
    failed_release: 'r2',
    database_elsewhere: '',
    backup: '',
    takes_back: '',
    hosts: '2',
    reason: '',
  },
});
const member = (
  program: ReadyProgram<'operation'>,
  files: { name: string; content: string }[] = [],
): Member => ({
  name: 'web1',
  session: undefined as never,
  reopen: () => Promise.reject(new Error('not needed')),
  operation: {
    name: 'rollback',
    path: '/srv/shop',
    deploymentId: '7-deploy',
    program,
    files,
    inputHash: 'a'.repeat(64),
    holder: { actor: 'octocat', runUrl: '' },
  },
});
const went = (fields: Record<string, string>) =>
  ({ name: 'web1', result: { outcome: 'succeeded', fields } }) as unknown as MemberOutcome;
const flip: MovingDecision = {
  kind: 'flip',
  to: 'blue',
  from: 'green',
  fromRelease: 'r2',
  release: 'r1',
  slot: 'r1',
  reason: 'this run moved the traffic',
};
const redeploy: MovingDecision = {
  kind: 'redeploy',
  from: 'r2',
  release: { id: 'r1' } as never,
  reason: 'this run deployed r2',
};

test('traffic that was moved back goes to where it came from, alone, and the mark is taken off', () => {
  const back = takenBack(flip, member(flipping), went({ changed: 'true', from: 'green' }))!;
  expect(back.program.parameters).toMatchObject({
    target: 'green',
    steps: '100',
    hosts: '1',
    expect_slot: '*',
    marks_bad: '',
    marks_good: 'r2',
  });
  expect(back.inputHash).not.toBe(member(flipping).operation.inputHash);
});

test('a server that had nothing to do has nothing to undo', () => {
  expect(takenBack(flip, member(flipping), went({ changed: 'false', from: 'blue' }))).toBeUndefined();
});

test('a release that was brought back makes way for the one before, unless commands have changed the data', () => {
  expect(takenBack(redeploy, member(redeploying), went({}))!.program.parameters).toMatchObject({
    release: 'r2',
    failed_release: 'r1',
    takes_back: '1',
    hosts: '1',
  });
  const hooks = [{ name: 'hooks/down-migrate-01', content: '' }];
  expect(takenBack(redeploy, member(redeploying, hooks), went({}))).toBeUndefined();
});
