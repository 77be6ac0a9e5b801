import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { messageOf } from '@deploy-actions/kit';
import { type ActionFile, listActions, readAction } from './action-file.ts';
import { permissionsOf } from './permissions.ts';
import { RELATIVE_LINK } from './release-tree.ts';
import { findRoot } from './root.ts';
import { renderStackKeys } from './stack-page.ts';
import { renderTroubleshooting } from './troubleshooting.ts';

/**
 * `npm run docs`: writes the tables between the markers of each action's README, action-catalog.md and the permissions in
 * docs/platform-teams.md, all from action.yml, the versions that the latter pins, docs/troubleshooting.md from the kit's table
 * of failures, and the keys in docs/one-to-three.md from the table that Compose files become stacks by. `--check`
 * writes nothing and fails when one is stale.
 */
export async function run(args: string[]): Promise<number> {
  const root = findRoot();
  const check = args.includes('--check');
  let wrong = 0;
  for (const { file, current, wanted, problem } of renderDocs(root)) {
    if (problem !== undefined) {
      console.log(problem);
      wrong += 1;
    } else if (current !== wanted) {
      if (check) wrong += 1;
      else writeFileSync(file, wanted);
      console.log(`${relative(root, file)}: ${check ? 'stale, run `npm run docs`' : 'written'}`);
    }
  }
  if (wrong === 0) console.log('the tables and the catalog are those of the action.yml files');
  return wrong === 0 ? 0 : 1;
}

/** A generated page: what it holds now and what action.yml makes of it, or why it cannot be made. */
export interface Page {
  file: string;
  current: string;
  wanted: string;
  problem?: string;
}

/** Every generated page of a checkout. */
export function renderDocs(root: string): Page[] {
  const actions = listActions(root).map((name) => readAction(name, root));
  const pages = actions.map((action): Page => {
    const file = join(action.folder, 'README.md');
    const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
    try {
      return { file, current, wanted: renderReadme(current, action, relative(root, file)) };
    } catch (error) {
      return { file, current, wanted: current, problem: messageOf(error) };
    }
  });
  const catalog = join(root, 'action-catalog.md');
  const current = existsSync(catalog) ? readFileSync(catalog, 'utf8') : '';
  const platform = join(root, 'docs/platform-teams.md');
  const platformNow = readFileSync(platform, 'utf8');
  const troubleshooting = join(root, 'docs/troubleshooting.md');
  const swarm = join(root, 'docs/one-to-three.md');
  const swarmNow = readFileSync(swarm, 'utf8');
  return [
    ...pages,
    { file: catalog, current, wanted: renderCatalog(actions) },
    {
      file: platform,
      current: platformNow,
      wanted: pinned(
        between(platformNow, 'permissions', permissionTable(actions), 'docs/platform-teams.md'),
        actions,
      ),
    },
    {
      file: swarm,
      current: swarmNow,
      wanted: between(swarmNow, 'stack-keys', renderStackKeys(), 'docs/one-to-three.md'),
    },
    {
      file: troubleshooting,
      current: existsSync(troubleshooting) ? readFileSync(troubleshooting, 'utf8') : '',
      wanted: renderTroubleshooting(),
    },
  ];
}

/** A page whose workflows pin each action by the tag of its present version. */
function pinned(text: string, actions: readonly ActionFile[]): string {
  return text.replace(
    /(uses: org\/deploy-actions\/([\w-]+)@)\2\/v\d+\.\d+\.\d+$/gm,
    (whole, before: string, name: string) => {
      const action = actions.find(({ id }) => id === name);
      return action === undefined ? whole : `${before}${name}/v${versionOf(action)}`;
    },
  );
}

function versionOf({ folder }: ActionFile): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/** The links of a checkout's pages that lead to no file, as `page: target`. */
export function brokenLinks(root: string): string[] {
  const pages = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '*.md'], {
    cwd: root,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((page) => page !== '' && !page.startsWith('dist/') && existsSync(join(root, page)));
  return pages.flatMap((page) => {
    const text = readFileSync(join(root, page), 'utf8');
    const links = [
      ...[...text.matchAll(RELATIVE_LINK)].map(([, target, fragment]) => ({ target: target!, fragment })),
      ...[...text.matchAll(/\]\((#[^)\s]+)\)/g)].map(([, fragment]) => ({
        target: basename(page),
        fragment,
      })),
    ];
    return links
      .filter(({ target, fragment }) => {
        const file = join(root, dirname(page), target);
        if (!existsSync(file)) return true;
        return (
          fragment !== undefined &&
          target.endsWith('.md') &&
          !anchorsOf(readFileSync(file, 'utf8')).has(fragment.slice(1))
        );
      })
      .map(({ target, fragment }) => `${page}: ${target}${fragment ?? ''}`);
  });
}

/**
 * The fragments by which GitHub leads to the headings of a page: lower case, without what is neither letter, digit, `_`
 * nor hyphen, a hyphen for each space, and `-1` behind the second of a name.
 */
export function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>();
  const anchors = new Set<string>();
  const prose = page.replace(/^(`{3,})[\s\S]*?^\1/gm, '');
  for (const [, heading] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const name = heading!
      .replace(/\]\([^)]*\)/g, '')
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    const before = seen.get(name) ?? 0;
    seen.set(name, before + 1);
    anchors.add(before === 0 ? name : `${name}-${before}`);
  }
  return anchors;
}

/** A README with its tables replaced; throws when it has not got both pairs of markers. */
export function renderReadme(text: string, action: ActionFile, file: string): string {
  const withInputs = between(text, 'inputs', inputTables(action), file);
  return between(withInputs, 'outputs', outputTable(action), file);
}

function between(text: string, name: string, table: string, file: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(open);
  const to = text.indexOf(close, from);
  if (from < 0 || to < 0)
    throw new Error(`${file} has no ${open} … ${close}, where the table of its ${name} belongs`);
  return `${text.slice(0, from + open.length)}\n\n${table}\n\n${text.slice(to)}`;
}

function inputTables(action: ActionFile): string {
  if (action.groups.length === 0) return inputTable(action, Object.keys(action.inputs));
  return action.groups
    .map(
      ({ title, example, inputs }) =>
        `### ${title}\n\nSuch as \`${example}\`.\n\n${inputTable(action, inputs)}`,
    )
    .join('\n\n');
}

function inputTable(action: ActionFile, names: readonly string[]): string {
  const rows = names.map((name) => {
    const input = action.inputs[name]!;
    return [
      `\`${name}\``,
      cell(input.description),
      input.required ? '**required**' : defaultCell(input.default),
    ];
  });
  return table(['Input', 'What it is', 'Default'], rows, 'This action has no inputs.');
}

function outputTable(action: ActionFile): string {
  const rows = Object.entries(action.outputs).map(([name, output]) => [
    `\`${name}\``,
    cell(output.description),
  ]);
  return table(['Output', 'What it is'], rows, 'This action has no outputs.');
}

/** What each action asks of the job's token, beside what actions/checkout needs. */
function permissionTable(actions: readonly ActionFile[]): string {
  const rows = actions.flatMap((action) => {
    const name = `[${action.id}](../actions/${action.id}/README.md)`;
    const needed = permissionsOf(action);
    if (needed.length === 0) return [[name, 'none', '']];
    return needed.map(({ permission, inputs }, index) => [
      index === 0 ? name : '',
      `\`${permission}\``,
      inputs.map((input) => `\`${input}\``).join(', '),
    ]);
  });
  return table(['Action', 'Permission', 'For the input'], rows, '');
}

function table(head: string[], rows: string[][], none: string): string {
  if (rows.length === 0) return none;
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text.trim().replace(/\n\n+/g, '<br><br>').replace(/\n/g, ' ').replace(/\|/g, '\\|');
}

function defaultCell(value: string | undefined): string {
  if (value === undefined || value === '') return '';
  return value
    .trimEnd()
    .split('\n')
    .map((line) => `\`${line.replace(/\|/g, '\\|')}\``)
    .join('<br>');
}

/** Every action on one page. */
export function renderCatalog(actions: readonly ActionFile[]): string {
  const sections = actions.flatMap((action) => {
    const names = (from: Record<string, unknown>) => Object.keys(from).map((name) => `\`${name}\``);
    const needed = Object.entries(action.inputs).filter(([, input]) => input.required);
    const optional = Object.entries(action.inputs).filter(([, input]) => !input.required);
    return [
      '',
      `## [${action.id}](actions/${action.id}/README.md)`,
      '',
      action.description.trim(),
      '',
      `    - uses: org/deploy-actions/${action.id}@v1`,
      '',
      ...[
        ['Required', names(Object.fromEntries(needed))],
        ['Optional', names(Object.fromEntries(optional))],
        ['Outputs', names(action.outputs)],
      ].flatMap(([title, list]) =>
        list!.length > 0 ? [`- ${title as string}: ${(list as string[]).join(', ')}`] : [],
      ),
    ];
  });
  return `${['# The actions', '', '<!-- Generated from the action.yml files by `npm run docs`. -->', ...sections].join('\n')}\n`;
}
