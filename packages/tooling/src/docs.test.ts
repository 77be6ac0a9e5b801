import { expect, test } from '@jest/globals';
import { parseActionFile } from './action-file.ts';
import { anchorsOf, renderCatalog, renderReadme } from './docs.ts';

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
