import { RELEASE_LIMIT } from '@deploy-actions/github';
import { cut } from '@deploy-actions/kit';

const [BEGIN, END] = ['<!-- deploy-actions: notes -->', '<!-- /deploy-actions: notes -->'];

/**
 * A release's body with the notes between two marks: in the place of those that stand there, else below what people wrote, of
 * which nothing is changed.
 */
export function withNotes(body: string, notes: string): string {
  const begin = body.lastIndexOf(BEGIN);
  const end = begin === -1 ? -1 : body.indexOf(END, begin);
  const [before, after] =
    end === -1
      ? [body === '' ? '' : `${body.replace(/\s+$/, '')}\n\n`, '']
      : [body.slice(0, begin), body.slice(end + END.length)];
  // The marks in the notes themselves would end the section too early.
  const inner = notes.replaceAll(/<!--\s*\/?deploy-actions: notes\s*-->/g, '').trim();
  const room = RELEASE_LIMIT - before.length - after.length - BEGIN.length - END.length - 2;
  return `${before}${BEGIN}\n${cut(inner, Math.max(0, room))}\n${END}${after}`;
}
