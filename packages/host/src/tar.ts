import type { Upload } from './run.ts';

const BLOCK = 512;
/** Bytes that go out in one piece: small ones would each be a packet of SSH. */
const PIECE = 256 * 1024;

/**
 * A tar archive of the files, as every tar reads it: ustar headers (POSIX.1-1988), and before a name that does not fit
 * into one GNU's own header with the whole name, which busybox reads too and pax's not.
 */
export function* tarArchive(files: readonly Required<Upload>[]): Generator<Buffer> {
  let piece: Buffer[] = [];
  let size = 0;
  const add = (bytes: Buffer) => {
    piece.push(bytes);
    size += bytes.length;
  };
  for (const { name, content, mode } of files) {
    const path = Buffer.from(name);
    const bytes = Buffer.from(content as string);
    if (path.length > 100) {
      const whole = Buffer.concat([path, Buffer.alloc(1)]);
      add(header(Buffer.from('././@LongLink'), whole.length, 0o600, 'L'));
      add(padded(whole));
    }
    add(header(path.subarray(0, 100), bytes.length, mode, '0'));
    add(padded(bytes));
    if (size < PIECE) continue;
    yield Buffer.concat(piece);
    piece = [];
    size = 0;
  }
  add(Buffer.alloc(2 * BLOCK));
  yield Buffer.concat(piece);
}

function padded(bytes: Buffer): Buffer {
  const rest = bytes.length % BLOCK;
  return rest === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(BLOCK - rest)]);
}

function header(name: Buffer, size: number, mode: number, type: string): Buffer {
  const block = Buffer.alloc(BLOCK);
  const octal = (value: number, at: number, digits: number) =>
    block.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  name.copy(block, 0);
  octal(mode, 100, 7);
  // Owner, group and time: whoever unpacks it sets them.
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write('        ', 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
