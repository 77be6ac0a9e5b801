/** An answer of ours from the server: a type, and a payload of any bytes. */
export interface Frame {
  type: string;
  payload: Buffer;
}

/** More than any frame of ours; a longer one means that this is no answer of ours. */
const LONGEST = 256 * 1024 * 1024;

/**
 * Reads frames (`type length`, newline, payload, newline) from bytes as they come. Throws on what is none.
 */
export function frameReader(onFrame: (frame: Frame) => void): (bytes: Buffer) => void {
  let chunks: Buffer[] = [];
  let size = 0;
  // How many bytes must be there before looking again is worth it.
  let wanted = 1;
  return (bytes) => {
    chunks.push(bytes);
    size += bytes.length;
    if (size < wanted) return;
    let data = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
    wanted = 1;
    for (;;) {
      const end = data.indexOf(10);
      if (end < 0) {
        if (data.length > 200) throw new Error('the server answered something else than a frame');
        break;
      }
      const head = /^([a-z]+) (\d{1,10})$/.exec(data.toString('latin1', 0, Math.min(end, 200)));
      const length = Number(head?.[2]);
      if (!head || length > LONGEST) throw new Error('the server answered something else than a frame');
      const whole = end + 1 + length + 1;
      if (data.length < whole) {
        wanted = whole;
        break;
      }
      // A copy: the chunk that it lies in may be large and short-lived.
      onFrame({ type: head[1]!, payload: Buffer.from(data.subarray(end + 1, end + 1 + length)) });
      data = data.subarray(whole);
    }
    chunks = data.length > 0 ? [data] : [];
    size = data.length;
  };
}
