import type { Program, Session } from '@deploy-actions/shell';

/** What a server of a cluster answers in a test. */
export interface StackAnswers {
  name?: string;
  /** Of a manager: what it tells of the stack at each look; the last one again and again. */
  views?: readonly string[];
  /** What it tells of its own containers. */
  node?: string;
  /** A container's health log in JSON on a line, and its log. */
  evidence?: string;
  /** What the cluster passes on of a service's log. */
  log?: string;
}

/** A session to such a server; `asked` counts what was asked, by the question's name. */
export function stackSession({
  name = 'node1',
  views = [],
  node = '',
  evidence = 'null\n',
  log = '',
}: StackAnswers): Session & { asked: Record<string, number> } {
  const asked: Record<string, number> = {};
  let look = 0;
  const answer = (which: string): string => {
    switch (which) {
      case 'list_tasks':
        return views[Math.min(look++, views.length - 1)] ?? '';
      case 'list_node':
        return node;
      case 'container_evidence':
        return evidence;
      case 'service_log':
        return log;
      default:
        return '';
    }
  };
  return {
    name,
    asked,
    counts: { connections: 1, execs: 0, forwards: 0 },
    gone: new AbortController().signal,
    run(program: Program) {
      const which = /^(\w+) "\$@"\s*$/m.exec(program.script)?.[1] ?? '';
      asked[which] = (asked[which] ?? 0) + 1;
      return Promise.resolve({ code: 0, stdout: Buffer.from(answer(which)), stderr: Buffer.alloc(0) });
    },
    forward: () => Promise.reject(new Error('not here')),
    close: async () => {},
  };
}
