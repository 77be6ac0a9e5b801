import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Lab, SAMPLE_APP } from '@deploy-actions/lab';

/** Versions that need no migration, so that each way does the same. */
export async function publishTags({ registry }: Lab): Promise<void> {
  for (const tag of ['bench-0', 'bench-1']) {
    for (const name of ['shop/api', 'shop/web'])
      await registry.publish({
        from: `${name}:v1`,
        to: `${name}:${tag}`,
        env: { APP_VERSION: tag, APP_SCHEMA: '0' },
      });
  }
}

/**
 * The sample without its worker and scheduler, which have no health check. The others are asked every second: a paused
 * container counts as unhealthy for Docker until it is asked again.
 */
export function composeFile(): string {
  return readFileSync(join(SAMPLE_APP, 'compose.yaml'), 'utf8')
    .replace(/^ {2}(?:worker|scheduler):\n(?: {4}.*\n)+\n/gm, '')
    .replace(/^ {6}interval: .*$/gm, '      interval: 1s');
}

/** What the sample's variables are for a tag. */
export function environment(registry: string, tag: string): string {
  return `REGISTRY=${registry}\nTAG=${tag}\nPOSTGRES_PASSWORD=correct-horse-battery\n`;
}
