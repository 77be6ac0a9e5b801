export {
  BundleError,
  type BundleFault,
  type Statement,
  type Verified,
  type VerifyOptions,
  verifyBundle,
} from './bundle.ts';
export { type Signer } from './signer.ts';
export { TRUST_DATE, type Trust, embeddedTrust, parseTrust } from './trust.ts';
