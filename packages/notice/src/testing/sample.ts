import type { Notice, Status } from '../record.ts';

/** A deployment as messages tell of it: the example of the documentation and of many tests. */
export function sampleNotice(status: Status = 'success', over: Partial<Notice> = {}): Notice {
  const bad = status === 'failure' || status === 'rolled-back';
  const running = status === 'started' || status === 'progress';
  const titles: Record<Status, string> = {
    started: 'Deploying shop v1.4.2 to production',
    progress: 'Deploying shop v1.4.2 to production',
    success: 'Deployed shop v1.4.2 to production',
    failure: 'Deploying shop v1.4.2 to production failed',
    'rolled-back': 'Rolled back shop v1.4.2 in production',
    cancelled: 'Deploying shop v1.4.2 to production was cancelled',
  };
  const last = {
    started: 'running',
    progress: 'running',
    success: 'done',
    failure: 'failed',
    'rolled-back': 'failed',
    cancelled: 'cancelled',
  } as const;
  return {
    status,
    title: titles[status],
    message: bad ? 'The old release keeps serving.' : '',
    repository: 'org/shop',
    environment: 'production',
    version: 'v1.4.2',
    deploymentId: '4711-deploy',
    ref: '',
    commit: {
      sha: '8f2c1d7e9b0a4c5d6e7f8091a2b3c4d5e6f70819',
      subject: 'Fix the cart & checkout <total>',
      author: 'ada',
    },
    actor: 'grace',
    run: { name: 'Deploy #42', url: 'https://github.com/org/shop/actions/runs/4711' },
    elapsedMs: status === 'started' ? undefined : 95_000,
    fields: [['Replicas', '3']],
    phases:
      status === 'started'
        ? [{ name: 'Verify image', state: 'running', elapsedMs: 0 }]
        : [
            { name: 'Verify image', state: 'done', elapsedMs: 4_000 },
            { name: 'Deploy', state: 'done', elapsedMs: 61_000 },
            { name: 'Health', state: last[status], elapsedMs: 30_000 },
          ],
    reports:
      running || status === 'cancelled'
        ? []
        : [
            {
              kind: 'health',
              ok: !bad,
              summary: bad ? '1 of 3 checks failed' : '3 of 3 checks passed',
              elapsedMs: 30_000,
              checks: [
                { name: 'web', ok: true, attempts: 4, elapsedMs: 6_000 },
                {
                  name: 'api',
                  ok: !bad,
                  attempts: 15,
                  elapsedMs: 30_000,
                  ...(bad ? { phase: 'http', detail: 'status 503, wanted 200' } : {}),
                },
                { name: 'worker', ok: true, attempts: 2, elapsedMs: 2_000 },
              ],
            },
          ],
    links: [{ name: 'Site', url: 'https://shop.example.com/' }],
    details: bad
      ? 'api-1  | Error: connect ECONNREFUSED 10.0.3.7:5432\napi-1  |     at TCPConnectWrap.afterConnect\napi-1  | retrying in 5 s'
      : '',
    ...over,
  };
}
