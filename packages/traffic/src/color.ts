export {
  COLORS,
  type Color,
  LADDER,
  type Share,
  otherColor,
  parseShare,
  shareName,
  shares,
} from '@deploy-actions/ledger';
