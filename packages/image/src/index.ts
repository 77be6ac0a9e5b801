export {
  DIGEST,
  TAG,
  type Reference,
  apiHost,
  formatReference,
  isLoopback,
  manifestName,
  parseReference,
  shortImage,
  withTag,
} from './reference.ts';
