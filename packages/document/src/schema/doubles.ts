import { type ExactNumber, WrittenNumber, compareNumbers } from '@deploy-actions/kit';

/**
 * Numbers as the validator gets them. It reckons in doubles, in which 9007199254740993 is 9007199254740992: so a number
 * that no double says gets one of its own, beside it and on its side of the nearest, and equal numbers get the same one.
 * `const`, `enum` and `uniqueItems` are exact by it, and so are limits but for numbers that lie as near as doubles do.
 */
export interface Doubles {
  /** The same value, its numbers all doubles. */
  of(value: unknown): unknown;
  /** A message in which such doubles stand, with the numbers that were meant. */
  named(message: string): string;
  /** The same doubles, and more that are only for one value. */
  more(): Doubles;
}

/** Far more than anybody writes beside one another; behind them numbers are rounded. */
const MOST_BESIDE = 64;

export function openDoubles(known: ReadonlyMap<number, ExactNumber> = new Map()): Doubles {
  const own = new Map<number, ExactNumber>();
  const meaning = (double: number) => own.get(double) ?? known.get(double);
  const isFree = (double: number, number: ExactNumber) => {
    const other = meaning(double);
    return other === undefined || compareNumbers(other, number) === 0;
  };

  function doubleOf(number: ExactNumber): number {
    const nearest = Number(number);
    if (!Number.isFinite(nearest)) return nearest;
    const side = compareNumbers(number, nearest);
    if (side === 0 && Math.abs(nearest) < 2 ** 53 && String(nearest).length <= 16) return nearest;
    const away = side < 0 ? -1 : 1;
    let [double, other] = side === 0 ? [nearest, nearest] : [beside(nearest, away), beside(nearest, -away)];
    for (let step = 0; step < MOST_BESIDE && !isFree(double, number); step += 1) {
      if (isFree(other, number)) double = other;
      else [double, other] = [beside(double, away), beside(other, -away)];
    }
    own.set(double, number);
    return double;
  }

  function of(value: unknown): unknown {
    if (typeof value === 'number' || value instanceof WrittenNumber) return doubleOf(value);
    if (Array.isArray(value)) return value.map(of);
    if (typeof value !== 'object' || value === null) return value;
    // Not by assignment: a key can be called __proto__.
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, of(inner)]));
  }

  return {
    of,
    named: (message) =>
      message.replace(/-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g, (text) => {
        const number = meaning(Number(text));
        return number === undefined || compareNumbers(number, Number(text)) === 0 ? text : String(number);
      }),
    more: () => openDoubles(new Map([...known, ...own])),
  };
}

/** The next double above (1) or below (-1). */
function beside(double: number, direction: number): number {
  if (double === 0) return direction * Number.MIN_VALUE;
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, double);
  const away = Math.sign(double) === direction;
  view.setBigInt64(0, view.getBigInt64(0) + (away ? 1n : -1n));
  return view.getFloat64(0);
}
