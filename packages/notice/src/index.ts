export {
  COLORS,
  type Commit,
  type Detail,
  ICONS,
  type Link,
  type Notice,
  type Phase,
  STATUSES,
  type Status,
  alarming,
  settled,
} from './record.ts';
export { type NoticeInputs, PLACEHOLDERS, noticeOf } from './context.ts';
export { type Occasion, links, noticeFields, noticeOutputs } from './fields.ts';
export {
  type Answer,
  type Courier,
  type DeliveryOptions,
  type DeliveryRequest,
  type Post,
  type Verdict,
  judgeStatus,
  openCourier,
} from './delivery.ts';
export { type Handle, destinationKey, formatHandle, parseHandle, seal, unseal } from './handle.ts';
export {
  type Destination,
  type Messenger,
  type NoticeOutputs,
  type NoticePorts,
  type Outgoing,
  type Sent,
  notify,
} from './notify.ts';
export { type Attachment, readAttachments } from './files.ts';
export { clip, guard, literal, literalLine, unguard } from './literal.ts';
export {
  TELEGRAM_LIMITS,
  type TelegramMention,
  type TelegramMessage,
  renderTelegram,
  telegramMentions,
  telegramText,
  webAddress,
} from './telegram.ts';
export {
  SLACK_LIMITS,
  type SlackBlock,
  type SlackMention,
  type SlackMessage,
  escapeSlack,
  renderSlack,
  slackMentions,
} from './slack.ts';
export { type AttachmentMessage, renderAttachment } from './attachment.ts';
