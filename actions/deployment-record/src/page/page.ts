import { createHash } from 'node:crypto';
import type { Story } from '../story.ts';
import { latenciesSection } from './latencies.ts';
import { html, textOf } from './markup.ts';
import {
  checksSection,
  factsSection,
  headSection,
  logsSection,
  pastSection,
  servicesSection,
  timelineSection,
} from './sections.ts';
import { STYLE } from './style.ts';
import { watchSection } from './watch.ts';

/**
 * One page with everything that a run did. It has no script and asks for nothing: its own policy forbids both, so that it may be
 * opened from an artifact without a thought. Every text in it is escaped.
 */
export function renderPage(story: Story): string {
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  const body = html`<main>
    ${headSection(story)} ${factsSection(story)} ${timelineSection(story)} ${watchSection(story.watched)}
    ${servicesSection(story)} ${logsSection(story)} ${latenciesSection(story)} ${checksSection(story)}
    ${pastSection(story)}
  </main>`;
  const title = textOf(html`${story.sentence}`);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
${textOf(body)}
</body>
</html>
`;
}
