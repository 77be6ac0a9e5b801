import { createHash } from 'node:crypto';
import { Failure } from '@deploy-actions/kit';
import { parseShare } from '@deploy-actions/ledger';
import { lineDiff } from './line-diff.ts';
import type { Look } from './look.ts';
import { proxyOf } from './proxy/registry.ts';
import type { PreparedSite } from './site.ts';

/** What taking our parts out would do; nothing is written here. */
export interface Uninstallation {
  site: PreparedSite;
  /** The user's file without our parts. */
  text: string;
  diff: string[];
  /** The colour that the file leads to without them. */
  color: 'blue' | 'green';
  /** SHA-256 of the file as it was seen, so that a change by somebody else is noticed. */
  oldSum: string;
}

/**
 * Works out the user's file without our parts. Throws a `refused` Failure where the site would then lead to another colour
 * than the one that has the traffic, or while it is shared.
 */
export async function planUninstallation(look: Look, project: string): Promise<Uninstallation> {
  if (look.proxyFault) throw look.proxyFault;
  const prepared = look.proxy;
  if (!prepared) {
    throw new Failure(
      'refused',
      `no proxy was prepared for ${project} on this server, so there is nothing to take out`,
      {
        code: 'proxy-not-prepared',
        remedy: `Where a file still has parts between "deploy-actions ${project} begin" and "end", run this action once with install: true before.`,
      },
    );
  }
  const site: PreparedSite = { ...prepared, project };
  if (look.config === undefined) {
    throw new Failure('refused', `${site.configFile} cannot be read on the server`, {
      input: 'site-config',
      remedy: `It does not exist any more, or ${look.user} may neither read it nor use sudo without a password.`,
    });
  }
  if (look.configFile !== site.configFile) {
    throw new Failure('input', `the proxy was prepared in ${site.configFile}, not in ${look.configFile}`, {
      input: 'site-config',
      remedy: 'Leave `site-config` out, or name that file.',
    });
  }
  const share = parseShare(look.share ?? look.traffic?.share ?? '');
  if (!share || share.weight < 100) {
    throw new Failure('refused', `traffic is on ${look.share ?? 'no known colour'}: nothing was changed`, {
      ...(share && { code: 'canary-on' }),
      remedy: 'Move all of it to one colour first (to: blue, or to: green).',
    });
  }
  const preparation = await proxyOf(site.kind).prepare();
  const text = preparation.uninstall(look.config, project, site.configFile);
  const { color } = share;
  // Without our parts the file leads to the addresses that it was written with, which one colour has.
  const routes = site.routes.map((route) => ({
    ...route,
    plain: color === 'blue' ? [...route.plain, ...route.blue] : route.green,
  }));
  const whole = look.whole.get(site.container);
  try {
    await preparation.install(
      text,
      { ...site, routes },
      {
        file: site.configFile,
        login: look.user,
        ...(whole === undefined ? {} : { whole }),
      },
    );
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      'refused',
      `traffic is on ${color}, to which ${site.configFile} would not lead without our parts: nothing was changed`,
      {
        code: 'traffic-elsewhere',
        remedy: `Move the traffic first (to: ${color === 'blue' ? 'green' : 'blue'}), or write ${color}'s address into the file by hand where it was: ${routes.flatMap((route) => route[color]).join(', ')}.`,
        details: error.message,
        cause: error,
      },
    );
  }
  return {
    site,
    text,
    diff: lineDiff(look.config, text),
    color,
    oldSum: createHash('sha256').update(look.config).digest('hex'),
  };
}
