import { part } from '@deploy-actions/host';

export const CLOCK = part(new URL('clock.sh', import.meta.url));

/** What a proxy answers. */
export const ANSWERS = part(new URL('answers.sh', import.meta.url), {
  parameters: ['header', 'header_probe', 'token', 'verify_url', 'verify_connect', 'expect_version'],
});
