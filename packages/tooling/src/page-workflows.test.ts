import { expect, test } from '@jest/globals';
import { workflowsIn } from './page-workflows.ts';

test('a page shows workflows whole, without their event, and as bare steps', () => {
  const page = [
    'on: push\njobs: {}\n',
    'jobs: {}\n',
    '- uses: actions/checkout@v5\n- run: |\n    one\n\n    two\n',
    'with:\n  to: last-good\n',
    '- name: a check of ours\n  request: GET /\n',
  ]
    .map((block) => `\`\`\`yaml\n${block}\`\`\`\n`)
    .join('\ntext\n\n');
  expect(workflowsIn(page)).toEqual([
    'on: push\njobs: {}\n',
    'on: push\njobs: {}\n',
    'on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n      - uses: actions/checkout@v5\n      - run: |\n          one\n\n          two\n',
  ]);
});

test('a step that the page leaves out and reads is there by its id', () => {
  const [workflow] = workflowsIn(
    '```yaml\n- id: here\n  run: echo ${{ steps.deploy.outputs.version }} ${{ steps.here.outcome }}\n```\n',
  );
  expect(workflow).toContain("steps:\n      - { id: deploy, run: 'true' }\n      - id: here\n");
});
