declare module 'snappyjs' {
  /** Packs bytes into a Snappy block. */
  export function compress(bytes: Uint8Array): Buffer;
}
