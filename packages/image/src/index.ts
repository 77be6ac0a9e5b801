export {
  DIGEST,
  type Reference,
  apiHost,
  formatReference,
  isLoopback,
  manifestName,
  parseReference,
  withTag,
} from './reference.ts';
