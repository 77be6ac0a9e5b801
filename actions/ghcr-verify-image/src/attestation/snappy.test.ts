import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compress } from 'snappyjs';
import { SnappyError, decodeSnappy } from './snappy.ts';

test('what a reference implementation packs is unpacked byte for byte', () => {
  const runs = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 20,
    })
    .map((parts) => Buffer.concat(parts.flatMap(([bytes, times]) => Array<Uint8Array>(times).fill(bytes))));
  const noise = fc.uint8Array({ maxLength: 5000 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(runs, noise), (bytes) => {
      expect(decodeSnappy(compress(bytes), bytes.length).equals(bytes)).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('every kind of element is read: short and long literals, copies with one, two and four bytes of distance', () => {
  const literal = (length: number) => Buffer.alloc(length, 0x61);
  // 60 names one byte of length, 61 two.
  expect(decodeSnappy(Buffer.concat([Buffer.from([61, 60 << 2, 60]), literal(61)]), 100)).toEqual(
    literal(61),
  );
  expect(
    decodeSnappy(Buffer.concat([Buffer.from([0xac, 0x02, 61 << 2, 0x2b, 0x01]), literal(300)]), 300),
  ).toEqual(literal(300));
  const one = [9, 0 << 2, 0x62, (4 << 2) | 1, 1];
  expect(decodeSnappy(Buffer.from(one), 9).toString()).toBe('bbbbbbbbb');
  const two = [4, 1 << 2, 0x78, 0x79, (1 << 2) | 2, 2, 0];
  expect(decodeSnappy(Buffer.from(two), 4).toString()).toBe('xyxy');
  const four = [4, 1 << 2, 0x78, 0x79, (1 << 2) | 3, 2, 0, 0, 0];
  expect(decodeSnappy(Buffer.from(four), 4).toString()).toBe('xyxy');
});

test('a block that names a huge length is refused before anything is allocated', () => {
  const bomb = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]);
  expect(() => decodeSnappy(bomb, 16 * 2 ** 20)).toThrow(/unpacks to 4294967295 bytes/);
  expect(() => decodeSnappy(Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]), 2 ** 20)).toThrow(SnappyError);
  expect(() => decodeSnappy(compress(Buffer.alloc(1001)), 1000)).toThrow(/more than 1000/);
});

test('nonsense is an error, never a hang, a crash or too much', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        expect(decodeSnappy(bytes, 100_000).length).toBeLessThanOrEqual(100_000);
      } catch (error) {
        expect(error).toBeInstanceOf(SnappyError);
      }
    }),
    { numRuns: 2000 },
  );
});

test('a block that was cut off anywhere is noticed', () => {
  const packed = compress(Buffer.from('abcabcabcabcabc, and so on, and so on, and so on'));
  for (let length = 0; length < packed.length; length += 1) {
    expect(() => decodeSnappy(packed.subarray(0, length), 1000)).toThrow(SnappyError);
  }
});
