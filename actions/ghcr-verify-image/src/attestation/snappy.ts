/** Why bytes are no Snappy block, or are one that unpacks to too much. */
export class SnappyError extends Error {}

/**
 * Decodes a Snappy block, in which GitHub stores attestations. The length that it names is checked against
 * `maxBytes` before anything is allocated.
 * Source: google/snappy `format_description.txt`.
 */
export function decodeSnappy(input: Uint8Array, maxBytes: number): Buffer {
  let at = 0;
  const byte = () => {
    if (at >= input.length) throw new SnappyError('the Snappy block ends too early');
    return input[at++]!;
  };
  const littleEndian = (bytes: number) => {
    let value = 0;
    for (let i = 0; i < bytes; i += 1) value += byte() * 2 ** (8 * i);
    return value;
  };

  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const next = byte();
    length += (next & 0x7f) * 2 ** shift;
    if (shift > 28 || length > 0xffffffff)
      throw new SnappyError('the length of the Snappy block is no 32-bit number');
    if (next < 0x80) break;
  }
  if (length > maxBytes)
    throw new SnappyError(`the Snappy block unpacks to ${length} bytes, more than ${maxBytes}`);

  const output = Buffer.alloc(length);
  let filled = 0;
  const room = (bytes: number) => {
    if (filled + bytes > length) throw new SnappyError('the Snappy block holds more than it says');
  };
  const copy = (bytes: number, distance: number) => {
    if (distance === 0 || distance > filled)
      throw new SnappyError('the Snappy block refers to bytes before its beginning');
    room(bytes);
    // Source and target may overlap: that is how runs are written.
    for (let i = 0; i < bytes; i += 1) output[filled + i] = output[filled - distance + i]!;
    filled += bytes;
  };
  while (at < input.length) {
    const tag = byte();
    const upper = tag >> 2;
    switch (tag & 3) {
      case 0: {
        const bytes = (upper < 60 ? upper : littleEndian(upper - 59)) + 1;
        room(bytes);
        if (at + bytes > input.length) throw new SnappyError('the Snappy block ends too early');
        output.set(input.subarray(at, at + bytes), filled);
        at += bytes;
        filled += bytes;
        break;
      }
      case 1:
        copy((upper & 7) + 4, ((upper >> 3) << 8) + byte());
        break;
      case 2:
        copy(upper + 1, littleEndian(2));
        break;
      default:
        copy(upper + 1, littleEndian(4));
    }
  }
  if (filled !== length) throw new SnappyError('the Snappy block holds less than it says');
  return output;
}
