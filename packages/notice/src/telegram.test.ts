import { expect, test } from '@jest/globals';
import { literal, literalLine, unguard } from './literal.ts';
import { everywhere } from './testing/everywhere.ts';
import { hostileTexts } from './testing/hostile.ts';
import { sampleNotice } from './testing/sample.ts';
import { findEntities, parseHtml } from './testing/telegram-entities.ts';
import { TELEGRAM_LIMITS, renderTelegram, telegramText } from './telegram.ts';

const OURS = new Set(['https://github.com/org/shop/actions/runs/4711', 'https://shop.example.com/']);

test('five hundred hostile texts and more render literally in every place', () => {
  expect(hostileTexts.length).toBeGreaterThanOrEqual(500);
  for (const text of hostileTexts) {
    const { html, plain } = renderTelegram(everywhere(text));
    const parsed = parseHtml(html);
    const line = literalLine(text);
    expect({ text, found: findEntities(parsed) }).toEqual({ text, found: [] });
    const links = parsed.entities.filter((entity) => entity.type === 'text_link');
    expect({ text, links: links.every((link) => OURS.has(link.url!)) }).toEqual({ text, links: true });
    const others = new Set(parsed.entities.map((entity) => entity.type));
    expect([...others].filter((type) => !['bold', 'code', 'pre', 'text_link'].includes(type))).toEqual([]);
    const shown = unguard(parsed.text);
    if (literal(text).trim() !== '') {
      expect(shown).toContain(`❌ ${line}`);
      expect(shown).toContain(`\n\n${literal(text).trim()}\n\nEnvironment: ${line}\n`);
      for (const name of ['Version', 'Deployment', 'Change', 'Author', 'Field'])
        expect(shown).toContain(`\n${name}: ${line}\n`);
      for (const row of [`${text} (10 ms)`, `Health: ${text} (5 ms)`, `${text} [${text}]: ${text}`]) {
        expect(shown).toContain(`❌ ${literalLine(row)}\n`);
      }
    }
    // Without markup only the addresses that are ours are links.
    const loose = findEntities({ text: plain, entities: [] }).map(({ offset, length }) =>
      plain.slice(offset, offset + length),
    );
    expect({ text, loose: loose.filter((url) => ![...OURS].some((own) => own.includes(url))) }).toEqual({
      text,
      loose: [],
    });
  }
});

test.each([-1, 0, 1])(
  'a text of the limit %+d units is whole, or cut at a line, and the run link is there',
  (over) => {
    const bare = renderTelegram(sampleNotice('failure', { details: 'x' })).length - 1;
    const room = TELEGRAM_LIMITS.text - bare + over;
    const line = `${'x'.repeat(39)}\n`;
    const details = line.repeat(Math.floor(room / 40)) + 'y'.repeat(room % 40 || 1);
    const message = renderTelegram(sampleNotice('failure', { details: details.slice(-room) }));
    const { text, entities } = parseHtml(message.html);
    expect(text.length).toBe(message.length);
    expect(message.length).toBeLessThanOrEqual(TELEGRAM_LIMITS.text);
    expect(message.cut).toBe(over > 0);
    if (over <= 0) expect(message.length).toBe(TELEGRAM_LIMITS.text + over);
    else expect(text).toMatch(/…\nx{39}\n/);
    expect(entities.some((entity) => entity.url === 'https://github.com/org/shop/actions/runs/4711')).toBe(
      true,
    );
  },
);

test('whatever is long, the message fits, its markup is whole and the run link survives', () => {
  const long = [
    '😀'.repeat(9000),
    'word '.repeat(4000),
    '<&>'.repeat(5000),
    'a.b/c@d '.repeat(3000),
    `${'line\n'.repeat(5000)}`,
  ];
  for (const text of long) {
    for (const over of [
      { details: text },
      { message: text },
      { title: text },
      { message: text, details: text, title: text },
    ]) {
      const message = renderTelegram(sampleNotice('failure', over));
      const parsed = parseHtml(message.html);
      expect(parsed.text.length).toBeLessThanOrEqual(TELEGRAM_LIMITS.text);
      expect(message.plain.length).toBeLessThanOrEqual(TELEGRAM_LIMITS.text);
      expect(parsed.text.isWellFormed()).toBe(true);
      expect(parsed.entities.at(-1)?.url).toBe('https://github.com/org/shop/actions/runs/4711');
    }
  }
});

test('a hundred entities are never exceeded: the server would drop the run link', () => {
  const fields = Array.from({ length: 200 }, (_, index) => [`name ${index}`, `value ${index}`] as const);
  const links = Array.from({ length: 150 }, (_, index) => ({
    name: `link ${index}`,
    url: `https://example.com/${index}`,
  }));
  const { html, keyboard } = renderTelegram(sampleNotice('success', { fields, links: links.slice(0, 40) }), {
    buttons: [],
  });
  expect(parseHtml(html).entities.length).toBeLessThanOrEqual(TELEGRAM_LIMITS.entities);
  expect(keyboard).toEqual([]);
  expect(renderTelegram(sampleNotice('success', { links })).keyboard.flat().length).toBeLessThanOrEqual(
    TELEGRAM_LIMITS.buttons,
  );
});

test('details go first, then single checks, and phases stay longest', () => {
  const checks = Array.from({ length: 300 }, (_, index) => ({
    name: `check ${index} ${'z'.repeat(30)}`,
    ok: false,
    attempts: 1,
    elapsedMs: 1,
  }));
  const report = {
    kind: 'smoke' as const,
    ok: false,
    summary: '300 of 300 journeys failed',
    elapsedMs: 10,
    checks,
  };
  const message = renderTelegram(sampleNotice('failure', { reports: [report] }));
  const { text } = parseHtml(message.html);
  expect(text).toContain('Verify image (4.0 s)');
  expect(text).toContain('Smoke: 300 of 300 journeys failed');
  expect(text).toContain('check 0 ');
  expect(text).toMatch(/… \d+ more lines, see the run/);
  expect(text).not.toContain('ECONNREFUSED');
  expect(message.cut).toBe(true);
});

test('the summary leaves out details, phases and single checks', () => {
  const { text } = parseHtml(renderTelegram(sampleNotice('failure'), { detail: 'summary' }).html);
  expect(text).toContain('Health: 1 of 3 checks failed');
  expect(text).not.toMatch(/ECONNREFUSED|Verify image|503/);
});

test('people are called by name or number, and only as asked', () => {
  const { html } = renderTelegram(sampleNotice('failure'), {
    mentions: [{ username: 'oncall_ops' }, { userId: '42' }],
  });
  const parsed = parseHtml(html);
  expect(findEntities(parsed).map((entity) => entity.type)).toEqual(['mention']);
  expect(parsed.entities.map((entity) => entity.url)).toContain('tg://user?id=42');
});

test.each([1023, 1024, 1025])('a caption of %d units fits, whole where it can', (length) => {
  const { text } = parseHtml(telegramText('c'.repeat(length)));
  expect(text.length).toBe(Math.min(length, 1024));
  expect(parseHtml(telegramText('@ab.cd<&>'.repeat(300))).text.length).toBeLessThanOrEqual(1024);
});

test('an address that Telegram would refuse becomes neither link nor button', () => {
  const links = [
    { name: 'script', url: 'javascript:alert(1)' },
    { name: 'quote', url: 'https://x.example/"onclick' },
    { name: 'good', url: 'https://x.example/?a=1&b=2' },
  ];
  const message = renderTelegram(sampleNotice('success', { links }), { buttons: [] });
  const urls = parseHtml(message.html).entities.flatMap((entity) => entity.url ?? []);
  expect(urls).toEqual(['https://github.com/org/shop/actions/runs/4711', 'https://x.example/?a=1&b=2']);
});
