import type { Host } from '@deploy-actions/lab';

/** What the sshd of some servers has logged so far, all together. */
export interface SshCounts {
  connections: number;
  /** Commands that were run over them. */
  execs: number;
}

export async function sshCounts(hosts: readonly Host[]): Promise<SshCounts> {
  const logs = await Promise.all(hosts.map((host) => host.sshLog()));
  const count = (word: string) => logs.reduce((sum, log) => sum + log.split(word).length - 1, 0);
  return { connections: count('Connection from'), execs: count('Starting session:') };
}
