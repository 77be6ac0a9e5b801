import { expect, test } from '@jest/globals';
import { commandEnvironment } from './command-environment.ts';

test('a command gets the runner’s environment without inputs, the files of outputs, and tokens', () => {
  const kept = {
    PATH: '/bin',
    HOME: '/root',
    CI: 'true',
    GITHUB_SHA: 'abc',
    GITHUB_WORKSPACE: '/w',
    MY_INPUT_A: '1',
    DEPLOY_HOST: 'web1',
  };
  const dropped = {
    'INPUT_SSH-KEY': 'key',
    INPUT_SECRETS: 'a=b',
    Input_Ca: 'x',
    DEPLOY_SSH_KEY: 'key',
    DEPLOY_SSH_PASSPHRASE: 'p',
    DEPLOY_JUMP_SSH_KEY: 'key',
    GITHUB_OUTPUT: '/o',
    GITHUB_ENV: '/e',
    GITHUB_PATH: '/p',
    GITHUB_STATE: '/s',
    GITHUB_STEP_SUMMARY: '/m',
    STATE_id: '1',
    ACTIONS_RUNTIME_TOKEN: 't',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 't',
    ACTIONS_RESULTS_URL: 'u',
    ACTIONS_CACHE_URL: 'u',
  };
  expect(commandEnvironment({ ...kept, ...dropped })).toEqual(kept);
});
