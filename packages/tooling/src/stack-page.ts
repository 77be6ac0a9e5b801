import { STACK_KEYS } from '@deploy-actions/compose';
import { markdownTable } from '@deploy-actions/kit';

/** Where a key stands, for a reader: `services.*.` is left out, since nearly all are of a service. */
function shown(section: string, key: string): string {
  const inner = section === 'services.*' ? '' : section.replace(/^services\.\*\./, '');
  const path = `\`${[inner, key].filter((one) => one !== '').join('.')}\``;
  return section.startsWith('services.*') ? path : `${path} (top level)`;
}

/** The tables of docs/one-to-three.md: every key that is refused, and every one that is said in another way, or left out. */
export function renderStackKeys(): string {
  const rows = Object.entries(STACK_KEYS).flatMap(([section, keys]) =>
    Object.entries(keys).map(([key, row]) => ({ name: shown(section, key), ...row })),
  );
  const refused = rows.filter(({ verdict }) => verdict === 'refused');
  const others = rows.filter(
    ({ verdict, why }) => (verdict === 'mapped' && why !== 'stands there') || verdict === 'harmless',
  );
  return [
    markdownTable(
      ['Refused', 'Because it', 'Instead'],
      refused.map(({ name, why, remedy }) => [
        name,
        why,
        typeof remedy === 'function' ? remedy('NAME', 'SERVICE') : (remedy ?? ''),
      ]),
    ),
    markdownTable(
      ['Deployed', 'It'],
      others.map(({ name, why }) => [name, why]),
    ),
  ].join('\n\n');
}
