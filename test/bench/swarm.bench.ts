import { countRequests } from './swarm-load.ts';
import { measureSizes } from './swarm-size.ts';

/** `load` or `size`; empty: both. */
const ONLY = process.env['SWARM'] ?? '';

/** A swarm: requests that are lost when something changes, and what a deployment costs as it grows. */
export async function run(): Promise<void> {
  if (ONLY !== 'size') await countRequests();
  if (ONLY !== 'load') await measureSizes();
}
