import { Failure, FieldError, field, quote, withDefault } from '@deploy-actions/kit';
import { quote as quoteWords } from '@deploy-actions/shell';

/** A command that runs in a container of a service. */
export interface Hook {
  service: string;
  /** As it was written, for people. */
  text: string;
  /** What is run. */
  words: string[];
}

/** The commands of a deployment, by the inputs that name them. */
export interface HookLists {
  'before-up': readonly Hook[];
  migrate: readonly Hook[];
  'migration-state': readonly Hook[];
  'after-up': readonly Hook[];
}

/**
 * `service: command` lines. As in a Dockerfile, a command is a text for the container's `sh -c`, or a JSON list
 * of words that need no shell.
 */
export function hooks() {
  return {
    ...withDefault(field(parseHooks), [] as Hook[]),
    empty: (): Hook[] => [],
  };
}

function parseHooks(text: string): Hook[] {
  const found: Hook[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const match = /^([a-zA-Z0-9._-]+)\s*:\s+(.+)$/.exec(line);
    if (!match) {
      throw new FieldError(`${quote(line)} is not service: command`, {
        line: index + 1,
        remedy: 'Write one command per line, such as: api: python manage.py migrate',
      });
    }
    found.push({ service: match[1]!, text: match[2]!, words: wordsOf(match[2]!, index + 1) });
  }
  return found;
}

function wordsOf(command: string, line: number): string[] {
  if (!command.startsWith('[')) return ['sh', '-c', command];
  let words: unknown;
  try {
    words = JSON.parse(command);
  } catch (error) {
    throw new FieldError(`${quote(command)} starts like a JSON list and is none`, { line, cause: error });
  }
  if (!Array.isArray(words) || words.length === 0 || !words.every((word) => typeof word === 'string')) {
    throw new FieldError(`${quote(command)} is not a list of texts`, { line });
  }
  return words;
}

/** The file that the program on the server reads: `hook_service`, `hook_text`, and the words by `set --`. */
export function hookFile(hook: Hook): string {
  // Whole: the log takes secrets out of what it is told, and finds none in half a command.
  const text = hook.text.replace(/[\0-\x1f\x7f]+/g, ' ');
  return `hook_service=${quoteWords([hook.service])}\nhook_text=${quoteWords([text])}\nset -- ${quoteWords(hook.words)}\n`;
}

/** An `input` Failure unless the services of all hooks exist. */
export function checkHooks(input: string, list: readonly Hook[], services: readonly string[]): void {
  for (const { service } of list) {
    if (services.includes(service)) continue;
    throw new Failure('input', `input \`${input}\`: ${service} is not a service of the compose file`, {
      input,
      remedy: `Its services are: ${services.join(', ')}.`,
    });
  }
}
