import { escapeMarkdown, markdownTable } from '@deploy-actions/kit';
import { COLORS, colorContainers, liveColorOf, releaseOfColor } from '@deploy-actions/ledger';
import type { Ports } from '@deploy-actions/runner';
import type { SeenServer } from '@deploy-actions/traffic';
import type { SwitchInputs, SwitchOutputs } from './fields.ts';
import { NO_OUTPUTS } from './move.ts';

/** Says where the traffic is and what each colour holds. Changes nothing. */
export function showStatus(seen: readonly SeenServer[], inputs: SwitchInputs, ports: Ports): SwitchOutputs {
  const rows: string[][] = [];
  for (const { server, look } of seen) {
    const where = look.proxy
      ? `${look.proxy.kind}${look.proxy.container === '' ? ' on the host' : ` in ${look.proxy.container}`}`
      : 'no proxy prepared';
    ports.log.info(
      `${server.name}: traffic is on ${look.share ?? 'no colour yet'} (${where}${look.traffic ? `, since ${look.traffic.since}` : ''})`,
    );
    if (look.confirm) {
      ports.log.info(
        `  a switch waits to be confirmed until ${new Date(look.confirm.until * 1000).toISOString()}, else traffic returns to ${look.confirm.from}`,
      );
    }
    for (const color of COLORS) {
      const containers = colorContainers(look, inputs.project, color);
      const live = look.share !== undefined && liveColorOf(look) === color;
      const release = releaseOfColor(look, inputs.project, color) ?? '–';
      const well = containers.filter(
        (one) => one.status === 'running' && (one.health === 'healthy' || one.health === 'none'),
      ).length;
      const state = containers.length === 0 ? 'absent' : `${well} of ${containers.length} containers well`;
      ports.log.info(`  ${color}: ${state}, release ${release}${live ? ', live' : ''}`);
      rows.push([escapeMarkdown(server.name), color, live ? 'live' : 'idle', escapeMarkdown(release), state]);
    }
  }
  ports.summary(
    `### Colours of ${escapeMarkdown(inputs.project)}\n\n${markdownTable(['Server', 'Colour', 'Traffic', 'Release', 'Containers'], rows)}\n`,
  );
  return { ...NO_OUTPUTS, from: seen[0]!.look.share, to: seen[0]!.look.share };
}
