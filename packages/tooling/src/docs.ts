import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type ActionFile, listActions, readAction } from './action-file.ts';
import { findRoot } from './root.ts';

/**
 * `npm run docs`: writes the tables between the markers of each action's README and action-catalog.md, both from
 * action.yml. `--check` writes nothing and fails when one is stale.
 */
export async function run(args: string[]): Promise<number> {
  const root = findRoot();
  const check = args.includes('--check');
  const stale = renderDocs(root).filter(({ current, wanted }) => current !== wanted);
  for (const { file, wanted } of stale) {
    if (!check) writeFileSync(file, wanted);
    console.log(`${relative(root, file)}: ${check ? 'stale, run `npm run docs`' : 'written'}`);
  }
  if (stale.length === 0) console.log('the tables and the catalog are those of the action.yml files');
  return check && stale.length > 0 ? 1 : 0;
}

/** Every generated page of a checkout: what it holds now and what action.yml makes of it. */
export function renderDocs(root: string): { file: string; current: string; wanted: string }[] {
  const actions = listActions(root).map((name) => readAction(name, root));
  const pages = actions.map((action) => {
    const file = join(action.folder, 'README.md');
    const current = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return { file, current, wanted: renderReadme(current, action, relative(root, file)) };
  });
  const catalog = join(root, 'action-catalog.md');
  return [
    ...pages,
    {
      file: catalog,
      current: existsSync(catalog) ? readFileSync(catalog, 'utf8') : '',
      wanted: renderCatalog(actions),
    },
  ];
}

/** A README with its tables replaced; throws when it has not got both pairs of markers. */
export function renderReadme(text: string, action: ActionFile, file: string): string {
  const withInputs = between(text, 'inputs', inputTable(action), file);
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

function inputTable(action: ActionFile): string {
  const rows = Object.entries(action.inputs).map(([name, input]) => [
    `\`${name}\``,
    cell(input.description),
    input.required ? '**required**' : defaultCell(input.default),
  ]);
  return table(['Input', 'What it is', 'Default'], rows, 'This action has no inputs.');
}

function outputTable(action: ActionFile): string {
  const rows = Object.entries(action.outputs).map(([name, output]) => [
    `\`${name}\``,
    cell(output.description),
  ]);
  return table(['Output', 'What it is'], rows, 'This action has no outputs.');
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
