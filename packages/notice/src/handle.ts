import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto';

/**
 * What a later call needs to edit the message of an earlier one. As an output it passes between jobs, and
 * GitHub drops an output that contains a secret's value, so it holds no destination: messages are filed
 * under a keyed hash of theirs, and what must be known of one is sealed with the messenger's secret.
 */
export interface Handle {
  /** When the first message was sent, in milliseconds since 1970. */
  startedAt: number;
  phases: HandlePhase[];
  /** Destination's key -> the message's id, and what is sealed with it. */
  messages: Record<string, { id: string; sealed?: string }>;
}

export interface HandlePhase {
  name: string;
  /** Milliseconds since 1970. */
  startedAt: number;
  endedAt?: number;
}

const PREFIX = 'notice1.';

export function formatHandle(handle: Handle): string {
  const { startedAt, phases, messages } = handle;
  const compact = {
    s: startedAt,
    p: phases.map((phase) => [phase.name, phase.startedAt, phase.endedAt ?? 0]),
    m: Object.fromEntries(Object.entries(messages).map(([key, { id, sealed }]) => [key, [id, sealed ?? '']])),
  };
  return PREFIX + Buffer.from(JSON.stringify(compact)).toString('base64url');
}

/** The handle of a text, or undefined when it is none: a wrong handle costs an edit, never a message. */
export function parseHandle(text: string): Handle | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  try {
    const compact: unknown = JSON.parse(Buffer.from(text.slice(PREFIX.length), 'base64url').toString('utf8'));
    const { s, p, m } = compact as { s: unknown; p: unknown; m: unknown };
    if (typeof s !== 'number' || !Array.isArray(p) || typeof m !== 'object' || m === null) return undefined;
    const phases = p.flatMap((entry: unknown): HandlePhase[] => {
      if (!Array.isArray(entry)) return [];
      const [name, startedAt, endedAt] = entry as unknown[];
      if (typeof name !== 'string' || typeof startedAt !== 'number') return [];
      return [{ name, startedAt, ...(typeof endedAt === 'number' && endedAt > 0 ? { endedAt } : {}) }];
    });
    const messages: Handle['messages'] = {};
    for (const [key, entry] of Object.entries(m)) {
      if (!Array.isArray(entry) || typeof entry[0] !== 'string') continue;
      messages[key] = {
        id: entry[0],
        ...(typeof entry[1] === 'string' && entry[1] !== '' ? { sealed: entry[1] } : {}),
      };
    }
    return { startedAt: s, phases, messages };
  } catch {
    return undefined;
  }
}

/** The name under which a destination's message is filed; says nothing without the secret. */
export function destinationKey(secret: string, destination: string): string {
  return createHmac('sha256', secret).update(`destination\0${destination}`).digest('hex').slice(0, 12);
}

/** Encrypts a short text with a key made of a messenger's secret (AES-256-GCM). */
export function seal(secret: string, text: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', sealingKey(secret), nonce);
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString(
    'base64url',
  );
}

/** The text of `seal`; undefined when it was made with another secret, or is damaged. */
export function unseal(secret: string, sealed: string): string | undefined {
  try {
    const bytes = Buffer.from(sealed, 'base64url');
    const decipher = createDecipheriv('aes-256-gcm', sealingKey(secret), bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(-16));
    return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}

const sealingKey = (secret: string) => createHash('sha256').update(`seal\0${secret}`).digest();
