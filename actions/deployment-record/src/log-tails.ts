import type { Log } from '@deploy-actions/kit';
import type { Story } from './story.ts';

/** Lines of each log that the page shows. */
const LINES = 60;

/** The last lines of logs, as plain text. A step that did not run leaves no log; one that cannot be read is told of. */
export function logTails(
  paths: readonly string[],
  world: { readTail(path: string): string; isFile(path: string): boolean },
  log: Pick<Log, 'info'>,
): Story['logs'] {
  return paths.flatMap((path) => {
    if (!world.isFile(path)) {
      log.info(`The log ${path} is not there.`);
      return [];
    }
    const lines = world
      .readTail(path)
      .replace(/\u001b\[[\d;?]*[A-Za-z]/g, '')
      .replace(/\r\n?/g, '\n')
      .trimEnd()
      .split('\n');
    const tail = lines.slice(-LINES).join('\n');
    return tail.trim() === '' ? [] : [{ name: path.split('/').at(-1)!, tail }];
  });
}
