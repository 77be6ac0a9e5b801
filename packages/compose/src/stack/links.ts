import { type Findings, refuse } from './finding.ts';

/** A link by another name than that of its service would be left out, and whoever asks for that name would find nothing. */
export function refuseRenaming(name: string, links: readonly string[], findings: Findings): void {
  const where = { section: 'services.*', of: name, path: `services.${name}` } as const;
  for (const link of links) {
    const [target = '', alias = target] = link.split(':');
    if (alias === target) continue;
    refuse(
      findings,
      where,
      'links',
      `(${link}) would be left out, and nothing would be found as ${alias}`,
      `Say the name at ${target}, networks: {default: {aliases: [${alias}]}}, and leave the link out`,
    );
  }
}
