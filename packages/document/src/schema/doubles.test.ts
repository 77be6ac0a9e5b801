import { expect, test } from '@jest/globals';
import { type ExactNumber, compareNumbers, exactNumber, parseExactJson } from '@deploy-actions/kit';
import fc from 'fast-check';
import { openDoubles } from './doubles.ts';

test('different numbers get different doubles, equal ones the same, and order is kept', () => {
  const near = fc
    .tuple(fc.constantFrom(2n ** 53n, 2n ** 63n, -(2n ** 53n), 10n ** 20n), fc.bigInt(-40n, 40n))
    .map(([base, more]) => exactNumber(String(base + more))!);
  const far = fc
    .tuple(fc.double({ noNaN: true, min: -1e20, max: 1e20 }), fc.nat(99))
    .map(([value, more]) => exactNumber(`${value.toFixed(20)}${more}`.replace(/^-(?=0\.0+$)/, '')) ?? 0);
  fc.assert(
    fc.property(
      fc.array(fc.oneof(near, far), { maxLength: 12 }),
      fc.nat(12),
      (numbers: ExactNumber[], at) => {
        const schema = openDoubles();
        const first = schema.of(numbers.slice(0, at)) as number[];
        const doubles = [...first, ...(schema.more().of(numbers.slice(at)) as number[])];
        for (const [a, one] of numbers.entries())
          for (const [b, other] of numbers.entries())
            expect(doubles[a] === doubles[b]).toBe(compareNumbers(one, other) === 0);
      },
    ),
    { numRuns: 500 },
  );
  const [least, middle, most] = ['9007199254740992', '9007199254740993', '9007199254740996'].map(
    (text) => openDoubles().of(exactNumber(text)) as number,
  );
  expect(least! < middle! && middle! < most!).toBe(true);
});

test('what doubles say stays as it is, and messages name what was meant', () => {
  const value = { id: 7, price: 19.9, list: [0.1, -0, 1e300], __proto__: null };
  expect(openDoubles().of(value)).toEqual({ id: 7, price: 19.9, list: [0.1, -0, 1e300] });
  expect(openDoubles().of(parseExactJson('[1.0, 1e3, 19.90]'))).toEqual([1, 1000, 19.9]);
  const doubles = openDoubles();
  const [double] = doubles.of(parseExactJson('[9007199254740993]')) as [number];
  expect(doubles.named(`should be ${double}, but is 5`)).toBe('should be 9007199254740993, but is 5');
});
