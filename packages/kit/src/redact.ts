import { escapeHtml, escapeMarkdown } from './escape.ts';

/** Shown in place of a secret. */
export const MASK = '***';

/**
 * Knows the secrets of a run and takes them out of any text. Covers the value itself, each of its lines (a
 * private key is printed line by line), its base64 forms, its URL-encoded forms and what escaping for Markdown, HTML,
 * XML and a shell makes of it, since texts are escaped where they are put together and redacted at the end. The
 * runner's own mask covers whole strings in the log alone. A beginning is masked where the text was cut: before an
 * ellipsis one of four characters or more, at the end one of twelve or more. Values shorter than four characters are left out: removing
 * them would shred every message and hide nothing.
 */
export interface Redactor {
  add(secret: string): void;
  /** Text with every known secret replaced by `***`. */
  redact(text: string): string;
  /** Every form that is looked for, longest first: what to register as a mask with the runner. */
  forms(): readonly string[];
}

const SHORTEST = 4;

export function redactor(secrets: Iterable<string> = []): Redactor {
  const known = new Set<string>();
  let ordered: string[] | undefined = [];
  const redactor: Redactor = {
    add(secret) {
      for (const form of formsOf(secret)) known.add(form);
      ordered = undefined;
    },
    forms() {
      ordered ??= [...known].sort((a, b) => b.length - a.length);
      return ordered;
    },
    redact(text) {
      let clean = text;
      for (const form of redactor.forms()) {
        if (clean.includes(form)) clean = clean.split(form).join(MASK);
      }
      return redactCut(clean, redactor.forms());
    },
  };
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

/** At the end of a text, which need not have been cut, shorter beginnings of a secret are those of other words, too. */
const SHORTEST_BEGINNING = 12;

/** A secret that was cut short: its beginning stands before an ellipsis, or at the end. */
function redactCut(text: string, forms: readonly string[]): string {
  const pieces = text.split('…');
  if (pieces.length > 1000) return text;
  return pieces
    .map((piece, index) =>
      withoutBeginning(piece, forms, index < pieces.length - 1 ? SHORTEST : SHORTEST_BEGINNING),
    )
    .join('…');
}

function withoutBeginning(piece: string, forms: readonly string[], shortest: number): string {
  for (const form of forms) {
    // A key's armour is no secret; its lines are forms of their own.
    if (/^\\?-----BEGIN/.test(form)) continue;
    for (let length = Math.min(form.length - 1, piece.length); length >= shortest; length -= 1) {
      if (piece.charAt(piece.length - 1) === form.charAt(length - 1) && piece.endsWith(form.slice(0, length)))
        return piece.slice(0, piece.length - length) + MASK;
    }
  }
  return piece;
}

function formsOf(secret: string): string[] {
  const forms = new Set<string>();
  const lines = secret.split(/\r?\n/);
  for (const value of new Set([
    secret,
    secret.trim(),
    ...(lines.length > 1 ? lines.map((line) => line.trim()) : []),
  ])) {
    // The armour of a key is not secret and stands in every other key too.
    if (value.length < SHORTEST || /^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(value)) continue;
    forms.add(value);
    forms.add(encodeURIComponent(value.toWellFormed()));
    forms.add(new URLSearchParams([['', value.toWellFormed()]]).toString().slice(1));
    forms.add(JSON.stringify(value).slice(1, -1));
    forms.add(escapeMarkdown(value));
    forms.add(escapeHtml(value));
    forms.add(value.replace(/'/g, "'\\''"));
    // Base64 inside a longer text (such as `user:password`) depends on the offset modulo 3: cover all three.
    const bytes = Buffer.from(value);
    forms.add(bytes.toString('base64'));
    forms.add(bytes.toString('base64url'));
    if (bytes.length >= 8) {
      for (let offset = 0; offset < 3; offset += 1) {
        const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
        const whole = Math.floor(padded.length / 3) * 3;
        forms.add(
          padded
            .subarray(0, whole)
            .toString('base64')
            .slice(offset === 0 ? 0 : 4),
        );
      }
    }
  }
  return [...forms].filter((form) => form.length >= SHORTEST);
}
