/** An answer of ours from the server: a type, and a payload of any bytes. */
export interface Frame {
  type: string;
  payload: Buffer;
}

/** More bytes than any frame of ours has. A result holds resolved configurations and evidence, the others lines. */
const LONGEST = { result: 16 * 2 ** 20, other: 2 ** 20 } as const;

/**
 * Reads frames (`type length`, newline, payload, newline) from bytes as they come. Throws on what is none, and on one
 * that is longer than any of ours, before its payload is waited for.
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
      const longest = head?.[1] === 'result' ? LONGEST.result : LONGEST.other;
      if (!head || length > longest) throw new Error('the server answered something else than a frame');
      const whole = end + 1 + length + 1;
      if (data.length < whole) {
        wanted = whole;
        break;
      }
      if (data[whole - 1] !== 10) throw new Error('the server answered something else than a frame');
      // A copy: the chunk that it lies in may be large and short-lived.
      onFrame({ type: head[1]!, payload: Buffer.from(data.subarray(end + 1, end + 1 + length)) });
      data = data.subarray(whole);
    }
    chunks = data.length > 0 ? [data] : [];
    size = data.length;
  };
}
