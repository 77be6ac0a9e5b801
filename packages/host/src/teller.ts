import { type Log, formatDuration } from '@deploy-actions/kit';
import { phaseTitle, standsOpen } from './phase.ts';
import type { RunEvent } from './run.ts';

/**
 * Tells what the runs do, in order: one server's phases as groups, but for those that stand open; several servers' lines with
 * their names.
 */
export interface Teller {
  tell(server: string, event: RunEvent): void;
  /** Ends the open group and answers when everything has been printed. */
  close(): Promise<void>;
}

/** `several`: lines of several servers mix, so each carries its server's name and no phase is a group. */
export function teller(log: Log, several: boolean): Teller {
  let printed: Promise<void> = Promise.resolve();
  let endGroup: (() => void) | undefined;
  let group: Promise<void> = Promise.resolve();
  const print = (work: () => Promise<void> | void) => {
    printed = printed.then(work);
  };
  const leave = async () => {
    endGroup?.();
    endGroup = undefined;
    await group;
  };
  return {
    tell(server, event) {
      const prefix = several ? `${server} | ` : '';
      print(async () => {
        switch (event.type) {
          case 'line':
            log.info(prefix + event.text);
            break;
          case 'warning':
            log.warning(prefix + event.text);
            break;
          case 'phase': {
            const title = `${phaseTitle(event.name)} (at ${formatDuration(event.at)})`;
            if (several) {
              log.info(`${prefix}${title}`);
              break;
            }
            await leave();
            if (standsOpen(event.name)) {
              log.info(title);
              break;
            }
            group = log.group(title, () => new Promise<void>((resolve) => (endGroup = resolve)));
            break;
          }
          case 'reconnected':
            log.info(`${prefix}the connection dropped; following again (attempt ${event.attempt})`);
            break;
          case 'state':
            break;
        }
      });
    },
    async close() {
      print(leave);
      await printed;
    },
  };
}
