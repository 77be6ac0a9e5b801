import { formatBytes, formatDuration } from '@deploy-actions/kit';

type Outputs = Readonly<Record<string, string>>;

/** One phrase for each step of the example that has something to tell, from its outputs. */
const TOLD: Readonly<Record<string, (outputs: Outputs) => string>> = {
  prepare: (of) => `${of['version']} as ${of['deployment-id']}; CI was green on this commit`,
  verify: (of) => `${Object.keys(JSON.parse(of['images'] ?? '{}') as object).length} services, by digest`,
  preflight: (of) => `the server is ready, ${of['warnings']} warnings`,
  backup: (of) =>
    `${of['backup']}, ${formatBytes(Number(of['size']))}, ${of['verified'] === 'restore' ? 'loaded on trial' : `verified: ${of['verified']}`}`,
  deploy: (of) => `${of['version']} runs as ${of['color']}, beside the one that serves`,
  health: (of) => `backend, frontend, database and Redis ready after ${ms(of['elapsed-ms'])}`,
  smoke: (of) => `${of['passed']} passed, ${of['failed']} failed, p95 ${of['p95-ms']} ms`,
  switch: (of) => `${of['from']} to ${of['to']}, no reload, overlap ${of['overlap-ms']} ms`,
  watch: (of) => `stable: ${of['errors']} of ${of['requests']} requests failed`,
  confirm: (of) => `${of['to']} keeps the traffic`,
  rollback: (of) => `${of['mode']} from ${of['from']} to ${of['to']} in ${ms(of['elapsed-ms'])}`,
  record: (of) => of['summary'] ?? '',
  'telegram-notify': (of) => of['delivered'] ?? '',
};

/** What a step that succeeded is said to have done. */
export function describeOutcome(label: string, outputs: Outputs): string {
  return TOLD[label]?.(outputs) ?? 'done';
}

function ms(text: string | undefined): string {
  return formatDuration(Number(text));
}
