// Makes the sh sources of a folder importable: for every NAME.sh beside it a NAME.ts that exports its text
// without comments and blank lines (what is sent to a server on every exec should be short).
// (Not NAME.sh.ts: a bundler that looks for NAME.sh.js tries NAME.sh first.)
// Usage: node packages/host/embed.mjs FOLDER…     With --check it writes nothing and fails when one is stale.
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export function embed(name, source) {
  const text = source
    .split('\n')
    .filter((line) => !/^\s*(#.*)?$/.test(line))
    .join('\n');
  const escaped = text.replace(/[\\`]|\$\{/g, '\\$&');
  const constant = name.replace(/-./g, (match) => match[1].toUpperCase());
  return `// Made from ${name}.sh by packages/host/embed.mjs. Do not edit.\n/** The text of ${name}.sh. */\nexport const ${constant} = \`${escaped}\n\`;\n`;
}

export function stale(folder) {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sh'))
    .map((file) => ({
      target: path.join(folder, `${file.slice(0, -3)}.ts`),
      text: embed(file.slice(0, -3), readFileSync(path.join(folder, file), 'utf8')),
    }))
    .filter(({ target, text }) => {
      try {
        return readFileSync(target, 'utf8') !== text;
      } catch {
        return true;
      }
    });
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) {
  const check = process.argv.includes('--check');
  for (const folder of process.argv.slice(2).filter((word) => word !== '--check')) {
    for (const { target, text } of stale(folder)) {
      console.log(`${check ? 'stale' : 'written'}: ${target}`);
      if (check) process.exitCode = 1;
      else writeFileSync(target, text);
    }
  }
}
