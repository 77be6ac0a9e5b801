/** How JSON writes a number (RFC 8259, section 6). */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * A number that would be another one, or of another kind, as a JavaScript number: an integer over 2^53, more digits
 * than a double keeps, `1.0`, `1.10` or `1e3`. It keeps the text it was written as, also when it is written again.
 */
export class WrittenNumber {
  /** As JSON writes numbers. */
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }

  /** The nearest JavaScript number. */
  valueOf(): number {
    return Number(this.source);
  }

  toString(): string {
    return this.source;
  }

  toJSON(): unknown {
    return JSON.rawJSON(this.source);
  }
}

declare global {
  interface JSON {
    /** What `JSON.stringify` writes as it is (ECMAScript, "JSON.parse source text access"). */
    rawJSON(text: string): object;
  }
}

/** A number that keeps what it was written as. */
export type ExactNumber = number | WrittenNumber;

export function isNumber(value: unknown): value is ExactNumber {
  return typeof value === 'number' || value instanceof WrittenNumber;
}

/**
 * The number that a text writes: a JavaScript number where that says the same, else a WrittenNumber. Undefined for a text
 * that is no number of JSON's grammar.
 */
export function exactNumber(source: string): ExactNumber | undefined {
  if (!JSON_NUMBER.test(source)) return undefined;
  const value = Number(source);
  return String(value) === source ? value : new WrittenNumber(source);
}

/** Whether it was written as an integer: `1` is one, `1.0` and `1e0` are floats. */
export function isInteger(value: ExactNumber): boolean {
  return typeof value === 'number' ? Number.isInteger(value) : /^-?\d+$/.test(value.source);
}

/** `JSON.parse` whose numbers are exact. Throws SyntaxError. */
export function parseExactJson(text: string): unknown {
  const parse = JSON.parse as (
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ) => unknown;
  return parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined ? exactNumber(source) : value,
  );
}

interface Decimal {
  negative: boolean;
  /** Without zeros at either end; empty for zero. */
  digits: string;
  /** Of the first digit, as a power of ten. */
  magnitude: bigint;
}

function decimalOf(value: ExactNumber): Decimal | undefined {
  const text = typeof value === 'number' ? String(value) : value.source;
  const [, sign, whole, fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const all = whole + fraction;
  const leading = /^0*/.exec(all)![0].length;
  const digits = all.slice(leading).replace(/0+$/, '');
  return {
    negative: sign === '-' && digits !== '',
    digits,
    magnitude: BigInt(exponent) + BigInt(whole.length - leading),
  };
}

/**
 * Compares by value and without rounding: below 0, 0 or above. NaN where one of them is NaN; an infinity (of metrics) is
 * beyond every number.
 */
export function compareNumbers(a: ExactNumber, b: ExactNumber): number {
  const [left, right] = [decimalOf(a), decimalOf(b)];
  // Only NaN and the infinities have no decimal form, and doubles say of them all that is to say.
  if (!left || !right) {
    const [x, y] = [Number(a), Number(b)];
    return x === y ? 0 : x - y;
  }
  if (left.negative !== right.negative) return left.negative ? -1 : 1;
  const sign = left.negative ? -1 : 1;
  if (left.digits === '' || right.digits === '')
    return sign * (Number(left.digits !== '') - Number(right.digits !== ''));
  if (left.magnitude !== right.magnitude) return left.magnitude > right.magnitude ? sign : -sign;
  if (left.digits === right.digits) return 0;
  return left.digits > right.digits ? sign : -sign;
}
