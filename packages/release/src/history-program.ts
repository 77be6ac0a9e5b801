import { FORMS, defineInspection, part } from '@deploy-actions/host';

/** A constant of its own: where the URL stands within another declaration, the bundler gives the file a hash for its name. */
const HISTORY = part(new URL('sh/read-history.sh', import.meta.url), {
  parameters: ['history_lines'],
  results: { history: FORMS.text },
});

/** Reads the end of history.jsonl. */
export const READ_HISTORY = defineInspection({ name: 'read-history', parts: [HISTORY] });
