/**
 * The files of sh that stand beside this package's TypeScript, for programs that carry them as parts. `ledger.sh` uses
 * `ledger-reading.sh`, the host's `write_file`, and the parameters that `LEDGER_PARAMETERS` names.
 */
export const LEDGER_READING_SH: URL | string = new URL('sh/ledger-reading.sh', import.meta.url);
export const LEDGER_SH: URL | string = new URL('sh/ledger.sh', import.meta.url);

/** Who did it: the inside of JSON strings, see `jsonText`. */
export const LEDGER_PARAMETERS = ['actor', 'run_url'] as const;
