import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * The text of programs.ts: the sh files of a folder as constants. A bundle is one file, so the programs travel in
 * it as text; they are written as .sh files, so that shellcheck and editors know them.
 */
export function programsModule(folder: string): string {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.sh'))
    .sort();
  const constants = names.map((name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    return `export const ${constantName(name)} = ${JSON.stringify(withoutComments(text))};\n`;
  });
  return `// Generated from program/*.sh by \`node packages/release/src/embed-programs.ts\`; a test holds them together.\n/* eslint-disable */\n\n${constants.join('\n')}`;
}

/** `bring-up.sh` -> `bringUpProgram` */
function constantName(file: string): string {
  return `${file.replace(/\.sh$/, '').replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())}Program`;
}

/** Whole-line comments and empty lines are for readers; the text crosses the network with every deploy. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(#.*)?$/.test(line))
    .join('\n')
    .concat('\n');
}

if (process.argv[1]?.endsWith('embed-programs.ts')) {
  const root = fileURLToPath(new URL('..', `file://${process.argv[1]}`));
  writeFileSync(join(root, 'src/programs.ts'), programsModule(join(root, 'program')));
}
