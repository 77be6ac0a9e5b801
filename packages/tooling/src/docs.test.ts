import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listActions, parseActionFile, readAction } from './action-file.ts';
import { anchorsOf, renderCatalog, renderReadme } from './docs.ts';
import { findRoot } from './root.ts';

const action = parseActionFile(
  'sample',
  'actions/sample',
  `
name: Sample
description: Does a thing.
inputs:
  host: { description: "Where | there", required: true }
  wait: { description: "How long", default: 30s }
  list:
    description: |
      One.

      Two.
    default: |
      a
      b
outputs:
  done: { description: Whether }
runs: { using: node24, main: index.js }
`,
);
const readme =
  '# Sample\n\n<!-- inputs -->\nold\n<!-- /inputs -->\n\ntext\n\n<!-- outputs --><!-- /outputs -->\nend\n';

test('the tables of a README come from action.yml, and its prose stays', () => {
  expect(renderReadme(readme, action, 'README.md')).toBe(`# Sample

<!-- inputs -->

| Input | What it is | Default |
| --- | --- | --- |
| \`host\` | Where \\| there | **required** |
| \`wait\` | How long | \`30s\` |
| \`list\` | One.<br><br>Two. | \`a\`<br>\`b\` |

<!-- /inputs -->

text

<!-- outputs -->

| Output | What it is |
| --- | --- |
| \`done\` | Whether |

<!-- /outputs -->
end
`);
});

test('rendering twice changes nothing', () => {
  const once = renderReadme(readme, action, 'README.md');
  expect(renderReadme(once, action, 'README.md')).toBe(once);
});

const GROUPED = `
inputs:
  # The server
  #   host: deploy@web1.example.org
  host: { description: Where }
  port: { description: Which port }
  # Times
  #   wait: 3m
  wait: { description: How long }
`;

test('inputs stand in the groups that the comments of action.yml make, each with its example', () => {
  const grouped = parseActionFile('x', 'x', GROUPED);
  expect(grouped.groups).toEqual([
    { title: 'The server', example: 'host: deploy@web1.example.org', inputs: ['host', 'port'] },
    { title: 'Times', example: 'wait: 3m', inputs: ['wait'] },
  ]);
  const page = renderReadme(readme, grouped, 'README.md');
  expect(page).toContain('### The server\n\nSuch as `host: deploy@web1.example.org`.\n\n| Input |');
  expect(page).toContain('### Times\n\nSuch as `wait: 3m`.\n\n| Input |');
});

test('a comment that makes no group, and an input before the first one, are named', () => {
  expect(() => parseActionFile('x', 'x', GROUPED.replace('  #   wait: 3m\n', ''))).toThrow(
    'the comment above the input wait must be a title and, further in, a line of example',
  );
  expect(() => parseActionFile('x', 'x', GROUPED.replace(/ {2}# The server\n.*\n/, ''))).toThrow(
    'the input host stands before the first group of inputs',
  );
});

test.each(listActions())('every input of %s is in a group, and no group has more than fourteen', (name) => {
  const { inputs, groups } = readAction(name);
  expect(groups.flatMap((group) => group.inputs)).toEqual(Object.keys(inputs));
  expect(groups.filter((group) => group.inputs.length > 14)).toEqual([]);
});

test('a README without markers is named', () => {
  expect(() => renderReadme('# Sample', action, 'actions/sample/README.md')).toThrow(
    'actions/sample/README.md has no <!-- inputs -->',
  );
});

test('the catalog names every action with its inputs and outputs', () => {
  expect(renderCatalog([action])).toContain(
    '- Required: `host`\n- Optional: `wait`, `list`\n- Outputs: `done`\n',
  );
});

test('a scalar of action.yml is the text that the runner makes of it', () => {
  const { inputs } = parseActionFile(
    'x',
    'x',
    'inputs:\n  a: { default: 0.50 }\n  b: { default: on }\n  c: { default: true }',
  );
  expect(Object.values(inputs).map((input) => input.default)).toEqual(['0.5', 'on', 'true']);
});

test('a heading is found by the name that GitHub gives it', () => {
  const page =
    '# By hand, afterwards\n## `env` & more: snake_case\n```sh\n# no heading\n```\n## Twice\n## Twice\n## See [the page](x.md)\n';
  expect([...anchorsOf(page)]).toEqual([
    'by-hand-afterwards',
    'env--more-snake_case',
    'twice',
    'twice-1',
    'see-the-page',
  ]);
});

test.each(listActions())('what %s says first in its changelog is of the version that it has', (name) => {
  const file = (base: string) => readFileSync(join(findRoot(), 'actions', name, base), 'utf8');
  const [, first] = /^## (.+)$/m.exec(file('CHANGELOG.md')) ?? [];
  expect(first).toBe((JSON.parse(file('package.json')) as { version: string }).version);
});
