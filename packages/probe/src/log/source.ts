import type { Session } from '@deploy-actions/shell';
import { containerLog } from './container.ts';
import { fileLog } from './file.ts';
import { journalLog } from './journal.ts';
import type { LogPlace } from './place.ts';
import type { LogSource } from './stretch.ts';

/** Opens a log on the session's server; nothing is asked yet. @param dockerHost DOCKER_HOST on the server */
export function openLog(session: Session, place: LogPlace, dockerHost?: string): LogSource {
  switch (place.kind) {
    case 'file':
      return fileLog(session, place, dockerHost);
    case 'container':
      return containerLog(session, place, dockerHost);
    case 'journal':
      return journalLog(session, place);
  }
}
