export {
  DIGEST,
  TAG,
  type Reference,
  apiHost,
  formatReference,
  isLoopback,
  manifestName,
  parseReference,
  withTag,
} from './reference.ts';
