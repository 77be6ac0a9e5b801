/** Values that stand in examples and documentation and were to be replaced. */
const EXAMPLES =
  /^(?:change[-_ ]?(?:me|this|it)\b.*|(?:please[-_ ])?replace[-_ ]?(?:me|this|with)\b.*|(?:put|insert|enter|add)[-_ ](?:your|the)[-_ ].*|your[-_ ].+|<[^<>]+>|\[[^[\]]*your[^[\]]*\]|x{3,}|\.{3,}|to-?do|tbd|fix-?me|placeholder|dummy|django-insecure-.*|sk_test_your.*)$/i;

/** Passwords that everybody tries first; only where the name speaks of a secret. */
const WEAK =
  /^(?:admin|administrator|root|test|user|guest|demo|example|secret|password|passw0rd|pass|postgres|mysql|redis|default|letmein|qwerty|welcome|123456?7?8?9?0?|abc123)(?:[-_!]?\d{0,6})$/i;

const SECRET_NAME = /pass(?:word|wd|phrase)?|secret|token|api[-_]?key|private[-_]?key|credential/i;

/** Whether a variable still has the value of an example. */
export function isExample(name: string, value: string): boolean {
  const text = value.trim();
  return EXAMPLES.test(text) || (SECRET_NAME.test(name) && WEAK.test(text));
}
