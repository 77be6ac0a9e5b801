/**
 * POSIX sh as it is written, but that `\${` stands for `${`. No value can be put in: parameters reach a program
 * as shell variables.
 */
export function sh(strings: TemplateStringsArray): string {
  return strings.raw[0]!.replace(/\\\$\{/g, '${')
    .replace(/\\`/g, '`')
    .replace(/^\n/, '');
}
