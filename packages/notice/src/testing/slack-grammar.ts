/** Something that acts instead of being read. */
export interface SlackFound {
  type: string;
  value: string;
}

export interface SlackRead {
  /** What a reader sees, line by line. */
  text: string;
  found: SlackFound[];
}

/** A rule that a payload breaks: Slack's word for it, and where. */
export class SlackRefusal extends Error {
  readonly word: string;
  constructor(word: string, detail: string) {
    super(detail);
    this.word = word;
  }
}

const fail = (detail: string): never => {
  throw new SlackRefusal('invalid_blocks', detail);
};

/** Slack counts somewhere about here and answers msg_blocks_too_long (slackapi/bolt-js#2509). */
const MOST_CHARACTERS = 13_200;

/**
 * Reads a text object's or message's text: decodes `&amp;`, `&lt;` and `&gt;`, and finds what is between `<` and
 * `>`: links, mentions, broadcasts. With `markup` also mrkdwn's characters, emoji and bare addresses.
 * Source: docs.slack.dev, "Formatting message text".
 */
export function readText(source: string, markup: boolean): SlackRead {
  const found: SlackFound[] = [];
  const loose = source.replace(/<([^<>]*)>/g, '').match(/[<>]|&(?!amp;|lt;|gt;)/);
  if (loose)
    throw new SlackRefusal('not_escaped', `"${loose[0]}" is not escaped in "${source.slice(0, 80)}"`);
  const plain = source.replace(/<([^<>]*)>/g, (_, inside: string) => {
    const [target = '', label] = inside.split('|');
    if (/^[!@#]/.test(target)) {
      found.push({ type: 'mention', value: target });
      return `[${target}]`;
    }
    found.push({ type: 'link', value: target });
    return label ?? target;
  });
  const text = plain.replace(/&(amp|lt|gt);/g, (_, name: string) => ({ amp: '&', lt: '<', gt: '>' })[name]!);
  const bare = source.replace(/<([^<>]*)>/g, ' ');
  for (const [emoji] of bare.matchAll(/:[\w+-]+:/g)) found.push({ type: 'emoji', value: emoji });
  for (const [url] of bare.matchAll(/\b\w+:\/\/\S+|\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b/gi))
    found.push({ type: 'link', value: url });
  if (markup) {
    for (const [styled] of bare.matchAll(/([*_~`])[^\s*_~`][^*_~`]*\1/g))
      found.push({ type: 'style', value: styled });
  }
  return { text, found };
}

type Item = Record<string, unknown>;

const isItem = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const items = (value: unknown, where: string): Item[] => {
  if (!Array.isArray(value) || value.length === 0 || !value.every(isItem))
    fail(`${where}: needs a list of objects`);
  return value as Item[];
};
function only(item: Item, where: string, ...keys: string[]): void {
  for (const key of Object.keys(item)) if (!keys.includes(key)) fail(`${where}: unknown key ${key}`);
}
function stringOf(item: Item, key: string, most: number, where: string): string {
  const value = item[key];
  if (typeof value !== 'string' || value.length === 0) return fail(`${where}: ${key} must be a text`);
  if (value.length > most) fail(`${where}: ${key} has ${value.length} characters, at most ${most} may be`);
  if (!value.isWellFormed()) fail(`${where}: ${key} splits a surrogate pair`);
  return value;
}

function plainText(value: unknown, most: number, where: string): string {
  if (!isItem(value)) return fail(`${where}: needs a text object`);
  only(value, where, 'type', 'text', 'emoji');
  if (value['type'] !== 'plain_text') fail(`${where}: ${String(value['type'])} where untrusted text stands`);
  const source = stringOf(value, 'text', most, where);
  const { text, found } = readText(source, false);
  const active = found.filter(
    ({ type }) => type === 'mention' || (type === 'emoji' && value['emoji'] !== false),
  );
  if (active.length > 0) fail(`${where}: ${JSON.stringify(active)} in plain text`);
  return text;
}

/** Checks blocks against the published limits, and reads them as a person does. */
export function readBlocks(value: unknown): SlackRead {
  const lines: string[] = [];
  const found: SlackFound[] = [];
  const blocks = items(value, 'blocks');
  if (blocks.length > 50) fail(`${blocks.length} blocks, at most 50 may be`);
  const ids = new Set<unknown>();
  for (const [index, block] of blocks.entries()) {
    const where = `block ${index + 1} (${String(block['type'])})`;
    switch (block['type']) {
      case 'header':
        only(block, where, 'type', 'text');
        lines.push(`# ${plainText(block['text'], 150, where)}`);
        break;
      case 'section': {
        only(block, where, 'type', 'fields');
        const fields = items(block['fields'], where);
        if (fields.length > 10) fail(`${where}: ${fields.length} fields, at most 10 may be`);
        lines.push(...fields.map((one) => plainText(one, 2000, where).replace('\n', ': ')));
        break;
      }
      case 'context': {
        only(block, where, 'type', 'elements');
        const elements = items(block['elements'], where);
        if (elements.length > 10) fail(`${where}: ${elements.length} elements, at most 10 may be`);
        lines.push(elements.map((one) => plainText(one, 2000, where)).join(' | '));
        break;
      }
      case 'actions': {
        only(block, where, 'type', 'elements');
        const elements = items(block['elements'], where);
        if (elements.length > 25) fail(`${where}: ${elements.length} elements, at most 25 may be`);
        lines.push(
          elements
            .map((button) => {
              only(button, where, 'type', 'text', 'url', 'action_id', 'style');
              if (button['type'] !== 'button') fail(`${where}: ${String(button['type'])}`);
              stringOf(button, 'url', 3000, where);
              const id = stringOf(button, 'action_id', 255, where);
              if (ids.has(id)) fail(`${where}: action_id ${id} twice`);
              ids.add(id);
              return `[${plainText(button['text'], 75, where)}]`;
            })
            .join(' '),
        );
        break;
      }
      case 'rich_text':
        only(block, where, 'type', 'elements');
        for (const part of items(block['elements'], where)) lines.push(richText(part, found, where));
        break;
      default:
        fail(`${where}: unknown type`);
    }
  }
  return { text: lines.join('\n'), found };
}

function richText(part: Item, found: SlackFound[], where: string): string {
  only(part, where, 'type', 'elements');
  if (part['type'] !== 'rich_text_section' && part['type'] !== 'rich_text_preformatted') {
    fail(`${where}: ${String(part['type'])}`);
  }
  return items(part['elements'], where)
    .map((element) => {
      switch (element['type']) {
        case 'text':
          only(element, where, 'type', 'text', 'style');
          return stringOf(element, 'text', MOST_CHARACTERS, where);
        case 'link': {
          only(element, where, 'type', 'url', 'text');
          found.push({ type: 'link', value: stringOf(element, 'url', 3000, where) });
          return stringOf(element, 'text', 3000, where);
        }
        case 'user':
          found.push({ type: 'mention', value: `@${stringOf(element, 'user_id', 30, where)}` });
          return `[@${String(element['user_id'])}]`;
        case 'usergroup':
          found.push({ type: 'mention', value: `!subteam^${stringOf(element, 'usergroup_id', 30, where)}` });
          return `[!subteam^${String(element['usergroup_id'])}]`;
        case 'broadcast':
          found.push({ type: 'mention', value: `!${stringOf(element, 'range', 30, where)}` });
          return `[!${String(element['range'])}]`;
        default:
          return fail(`${where}: element ${String(element['type'])}`);
      }
    })
    .join('');
}

/** Characters of all texts and addresses in blocks. */
export function countCharacters(value: unknown): number {
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + countCharacters(one), 0);
  if (!isItem(value)) return 0;
  return Object.entries(value).reduce(
    (sum, [key, one]) =>
      sum +
      (typeof one === 'string' && (key === 'text' || key === 'url') ? one.length : countCharacters(one)),
    0,
  );
}

/** Checks a whole message and reads it. */
export function readMessage(payload: Item): SlackRead & { notification: string; color: string | undefined } {
  const notification = typeof payload['text'] === 'string' ? payload['text'] : '';
  if (notification.length > 40_000) throw new SlackRefusal('msg_too_long', 'text');
  const head = readText(notification, payload['mrkdwn'] !== false);
  const attachments = (payload['attachments'] ?? []) as Item[];
  const blocks = (payload['blocks'] ?? []) as Item[];
  const sets = [blocks, ...attachments.map((one) => one['blocks'] as Item[])].filter(
    (set) => set?.length > 0,
  );
  if (sets.length === 0 && notification === '') throw new SlackRefusal('no_text', 'neither text nor blocks');
  if (sets.reduce((sum, set) => sum + set.length, 0) > 50) fail('more than 50 blocks');
  if (countCharacters(sets) > MOST_CHARACTERS) {
    throw new SlackRefusal('msg_blocks_too_long', `${countCharacters(sets)} characters`);
  }
  if (attachments.length > 100) throw new SlackRefusal('too_many_attachments', String(attachments.length));
  for (const one of attachments) {
    for (const key of Object.keys(one)) {
      if (!['color', 'fallback', 'blocks'].includes(key)) throw new SlackRefusal('invalid_attachments', key);
    }
    if (!/^#[0-9a-f]{6}$/.test(String(one['color']))) throw new SlackRefusal('invalid_attachments', 'color');
    readText(String(one['fallback'] ?? ''), false);
  }
  const reads = sets.map(readBlocks);
  const shown = reads.length > 0 ? reads : [head];
  return {
    text: shown.map((read) => read.text).join('\n'),
    // Beside blocks the text rings and is read out, and its mentions call people.
    found: [
      ...new Map(
        [...shown.flatMap((read) => read.found), ...head.found].map((one) => [JSON.stringify(one), one]),
      ).values(),
    ],
    notification: head.text,
    color: attachments[0]?.['color'] as string | undefined,
  };
}
