import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot } from './root.ts';

/** The path of a Node ≥ 24: the one that runs this, else the one that npm installed with this project. */
export function node24(): string {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const installed = join(findRoot(), 'node_modules', `node-linux-${process.arch}`, 'bin', 'node');
  if (existsSync(installed)) return installed;
  throw new Error(`Node ${process.versions.node} is too old: install Node 24 (https://nodejs.org)`);
}
