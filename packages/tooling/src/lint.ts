import { spawn } from 'node:child_process';
import { node24 } from './node24.ts';
import { nodeTool } from './tools.ts';

/** `npm run lint [-- path…]`: formatting, ESLint and types; `--fix` mends what can be mended. */
export async function run(args: string[]): Promise<number> {
  const fix = args.includes('--fix');
  const paths = args.filter((arg) => arg !== '--fix');
  const where = paths.length > 0 ? paths : ['.'];
  const statuses = [
    await tool('prettier', [fix ? '--write' : '--check', '--log-level=warn', ...where]),
    await tool('eslint', ['--max-warnings=0', ...(fix ? ['--fix'] : []), ...where]),
    await tool('tsc', ['-p', '.']),
  ];
  return statuses.every((status) => status === 0) ? 0 : 1;
}

function tool(name: Parameters<typeof nodeTool>[0], args: string[]): Promise<number> {
  console.log(`${name} ${args.join(' ')}`);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const child = spawn(node24(), ['--disable-warning=MODULE_TYPELESS_PACKAGE_JSON', nodeTool(name), ...args], {
    stdio: 'inherit',
  });
  child.on('error', reject);
  child.on('close', (code) => resolve(code ?? 1));
  return promise;
}
