import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { WrittenNumber, compareNumbers, exactNumber, isInteger, parseExactJson } from './number.ts';

test('a number is kept as it was written, and written again as it was', () => {
  const text =
    '{"id":9007199254740993,"one":1.0,"version":1.10,"thousand":1e3,"plain":[1,-2.5,0,-0],"tiny":1e-400,"text":"1.0"}';
  const value = parseExactJson(text) as Record<string, unknown>;
  expect(JSON.stringify(value)).toBe(text);
  expect(value['plain']).toEqual([1, -2.5, 0, new WrittenNumber('-0')]);
  expect(String(value['version'])).toBe('1.10');
  expect(`${value['id'] as string}`).toBe('9007199254740993');
});

test('an integer is what was written without a point and without an exponent', () => {
  for (const [text, integer] of [
    ['1', true],
    ['9007199254740993', true],
    ['-0', true],
    ['1.0', false],
    ['1e3', false],
    ['1.5', false],
  ] as const)
    expect([text, isInteger(exactNumber(text)!)]).toEqual([text, integer]);
  for (const text of ['', '01', '1.', '.5', '+1', '0x1', 'NaN', '1_000', ' 1'])
    expect(exactNumber(text)).toBeUndefined();
});

test('numbers are compared by value and without rounding', () => {
  const order = [
    '-1e400',
    '-9007199254740993',
    '-9007199254740992',
    '-1.5',
    '0',
    '1e-400',
    '0.1',
    '0.10000000000000000001',
    '1.1',
    '1.11',
    '9',
    '10',
    '9007199254740992',
    '9007199254740993',
    '123456789012345678901234567890',
    '1e400',
  ];
  for (const [i, a] of order.entries())
    for (const [j, b] of order.entries())
      expect([a, b, Math.sign(compareNumbers(exactNumber(a)!, exactNumber(b)!))]).toEqual([
        a,
        b,
        Math.sign(i - j),
      ]);
  for (const [a, b] of [
    ['1.0', '1'],
    ['1.10', '1.1'],
    ['1e3', '1000'],
    ['-0', '0'],
    ['0e5', '0.000'],
    ['120e-1', '12'],
  ] as const)
    expect([a, compareNumbers(exactNumber(a)!, exactNumber(b)!)]).toEqual([a, 0]);
  expect(compareNumbers(Infinity, new WrittenNumber('1e400'))).toBeGreaterThanOrEqual(0);
  expect(compareNumbers(NaN, 1)).toBeNaN();
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
      expect(Math.sign(compareNumbers(a, b))).toBe(a === b ? 0 : Math.sign(a - b));
    }),
  );
});
