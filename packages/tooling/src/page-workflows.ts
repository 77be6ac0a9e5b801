import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseYaml } from './action-file.ts';

/** A workflow that a page shows, whole or as the steps of a job. */
export interface PageWorkflow {
  /** The page and the number of its block, as the name of a file. */
  name: string;
  text: string;
}

/** Every workflow that the pages of a checkout show; what is neither a workflow, jobs nor steps is left out. */
export function pageWorkflows(root: string): PageWorkflow[] {
  const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((page) => page !== '' && !page.startsWith('dist/') && existsSync(join(root, page)));
  return pages.flatMap((page) =>
    workflowsIn(readFileSync(join(root, page), 'utf8')).map((text, index) => ({
      name: `${page.replaceAll('/', '_').replace(/\.md$/, '')}-${index + 1}.yml`,
      text,
    })),
  );
}

/** The workflows of one page, each filled up to a whole one: `on` where it is left out, a job around bare steps. */
export function workflowsIn(page: string): string[] {
  return [...page.matchAll(/^```ya?ml\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => {
    const value = parseYaml(block!);
    if (Array.isArray(value)) return value.every(isStep) ? [aroundSteps(block!)] : [];
    if (typeof value !== 'object' || value === null || !('jobs' in value)) return [];
    return 'on' in value ? [block!] : [`on: push\n${block!}`];
  });
}

function isStep(value: unknown): boolean {
  return typeof value === 'object' && value !== null && ('uses' in value || 'run' in value);
}

/** A job of these steps; earlier ones that they read and the page leaves out are there by their ids. */
function aroundSteps(steps: string): string {
  const read = [...steps.matchAll(/\bsteps\.([\w-]+)\./g)].map(([, id]) => id!);
  const earlier = [...new Set(read)].filter((id) => !new RegExp(`\\bid: ${id}$`, 'm').test(steps));
  const all = [...earlier.map((id) => `- { id: ${id}, run: 'true' }\n`), steps].join('');
  return `on: push\njobs:\n  job:\n    runs-on: ubuntu-latest\n    steps:\n${all.replace(/^(?=.)/gm, '      ')}`;
}
