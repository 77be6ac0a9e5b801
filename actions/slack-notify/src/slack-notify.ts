import { Failure, type Inputs } from '@deploy-actions/kit';
import {
  type Attachment,
  type Destination,
  type NoticeOutputs,
  type NoticePorts,
  type Outgoing,
  type Post,
  type Sent,
  type SlackMention,
  destinationKey,
  notify,
  parseHandle,
  readAttachments,
  renderAttachment,
  renderSlack,
  seal,
  settled,
  slackMentions,
  unseal,
} from '@deploy-actions/notice';
import type { Channel, Webhook, fields } from './fields.ts';
import { SlackError, type WebApi, judgeWebhook, openWebApi } from './web-api.ts';

type SlackInputs = Inputs<typeof fields>;

type SlackDestination = Destination &
  ({ channel: Channel; webhook?: never } | { webhook: Webhook; channel?: never });

/** As much as one step should upload; Slack's own limit is 1 GB. */
const FILE_LIMIT = 50_000_000;

/** Sends a notice to every channel and webhook, or edits the messages that an earlier call posted. */
export async function sendSlack(
  inputs: SlackInputs,
  ports: NoticePorts & { addSecret(value: string): void },
  post: Post,
): Promise<NoticeOutputs> {
  const { log, workflow } = ports;
  const token = inputs['bot-token'] ?? '';
  const webhooks = inputs['webhook-url'];
  for (const { url } of webhooks) ports.addSecret(url);
  if (token === '' && webhooks.length > 0 && inputs.channel.length > 0) {
    throw new Failure('input', '`channel` is given, but a webhook posts to its own channel only', {
      input: 'channel',
      remedy: 'Leave `channel` out, or give `bot-token`.',
    });
  }
  const destinations: SlackDestination[] = [
    ...webhooks.map((webhook, index) => ({
      label: webhooks.length === 1 ? 'webhook' : `webhook ${index + 1}`,
      address: webhook.url,
      detail: webhook.detail,
      webhook,
    })),
    ...(token === '' ? [] : inputs.channel).map((channel) => ({
      label: `channel ${channel.id}`,
      address: channel.id,
      detail: channel.detail,
      channel,
    })),
  ];
  const bot = token !== '' || (webhooks.length === 0 && inputs.channel.length > 0);
  const attachments = settled(inputs.status)
    ? readAttachments(inputs.attach, workflow.workspace, FILE_LIMIT, log)
    : [];
  const secret = token || webhooks.map((webhook) => webhook.url).join('\n');
  return await notify(
    { ...inputs, 'mention-on-failure': [] },
    {
      name: 'Slack',
      needed: bot
        ? [
            { input: 'bot-token', given: token !== '' },
            { input: 'channel', given: inputs.channel.length > 0 },
          ]
        : [{ input: 'webhook-url', given: webhooks.length > 0 }],
      secret,
      destinations,
      async send(outgoing) {
        const { destination, courier } = outgoing;
        if (destination.webhook) {
          await viaWebhook(outgoing, destination.webhook, inputs, attachments, log);
          return {};
        }
        return await viaBot(openWebApi(inputs['api-url'], token, courier), outgoing, destination.channel, {
          inputs,
          attachments,
          log,
          token,
        });
      },
    },
    ports,
    post,
  );
}

async function viaWebhook(
  outgoing: Outgoing<SlackDestination>,
  webhook: Webhook,
  inputs: SlackInputs,
  attachments: readonly Attachment[],
  log: NoticePorts['log'],
): Promise<void> {
  const { notice, courier } = outgoing;
  const mentions = outgoing.mention ? inputs['mention-on-failure'] : [];
  if (inputs.update !== undefined) log.info('A webhook cannot edit messages; a new one is posted.');
  if (attachments.length > 0) log.warning('A webhook cannot take files: give `bot-token` to send `attach`.');
  const post = (payload: object) =>
    courier.deliver({
      name: 'webhook',
      url: webhook.url,
      headers: { 'content-type': 'application/json; charset=utf-8' },
      body: JSON.stringify(payload),
      judge: judgeWebhook,
    });
  if (attachmentStyle(webhook.url, inputs.format)) {
    await post(renderAttachment(notice, { detail: webhook.detail, mentions: mentions.map(atName) }));
    return;
  }
  const { message, plain } = renderSlack(notice, {
    detail: webhook.detail,
    mentions,
    buttons: inputs.buttons,
  });
  await simplified(message, plain, log, post);
}

/** Mattermost's and Rocket.Chat's webhooks stand under /hooks/, Discord's for Slack end in /slack. */
export function attachmentStyle(url: string, format: 'auto' | 'blocks' | 'attachments'): boolean {
  if (format !== 'auto') return format === 'attachments';
  const { pathname } = new URL(url);
  return /\/hooks\//.test(pathname) || /\/api\/webhooks\/.*\/slack$/.test(pathname);
}

const atName = (mention: SlackMention) =>
  'broadcast' in mention ? `@${mention.broadcast === 'everyone' ? 'all' : mention.broadcast}` : '';

interface BotExtras {
  inputs: SlackInputs;
  attachments: readonly Attachment[];
  log: NoticePorts['log'];
  token: string;
}

/** The whole conversation about one message with one channel. */
async function viaBot(
  api: WebApi,
  outgoing: Outgoing<SlackDestination>,
  channel: Channel,
  extras: BotExtras,
): Promise<Sent> {
  const { notice, earlier } = outgoing;
  const { inputs, log, token } = extras;
  const mentions = outgoing.mention ? inputs['mention-on-failure'] : [];
  const { message, plain, cut } = renderSlack(notice, {
    detail: channel.detail,
    mentions,
    buttons: inputs.buttons,
  });

  // Only the answer to a message tells the channel's id, and an edit takes nothing else.
  let channelId = earlier?.sealed === undefined ? undefined : unseal(token, earlier.sealed);
  let ts = channelId === undefined ? undefined : earlier?.id;
  let edited = false;
  if (channelId !== undefined && ts !== undefined) {
    edited = await edit(api, channelId, ts, message, plain, log);
    if (!edited)
      log.info(`The message to edit is gone from ${outgoing.destination.label}; a new one is posted.`);
  }
  if (!edited) {
    const thread = threadOf(inputs.thread, outgoing.destination, token);
    const place = {
      channel: channel.id,
      unfurl_links: false,
      unfurl_media: false,
      ...(thread
        ? { thread_ts: thread, ...(inputs.broadcast && !inputs.silent ? { reply_broadcast: true } : {}) }
        : {}),
    };
    const result = await simplified(message, plain, log, (content) =>
      api.call('chat.postMessage', { ...place, ...content }),
    );
    ts = typeof result['ts'] === 'string' ? result['ts'] : undefined;
    channelId = typeof result['channel'] === 'string' ? result['channel'] : undefined;
  }
  const sent: Sent = ts && channelId ? { id: ts, sealed: seal(token, channelId) } : {};
  try {
    // An edit calls nobody: who is to be called needs a message.
    if (edited && mentions.length > 0 && settled(notice.status)) {
      const reply = { channel: channelId, thread_ts: ts, reply_broadcast: inputs.broadcast };
      await api.call('chat.postMessage', {
        ...reply,
        text: `${slackMentions(mentions)} ${message.attachments[0]!.fallback}`,
      });
    }
  } catch (error) {
    return { ...sent, shortfall: error };
  }
  try {
    if (channel.detail === 'full') {
      const files: Attachment[] = [
        ...(cut
          ? [{ name: 'details.txt', bytes: Buffer.from(notice.details.toWellFormed()), picture: false }]
          : []),
        ...extras.attachments,
      ];
      await upload(api, files, channelId, ts);
    }
  } catch (error) {
    return { ...sent, withoutFiles: error };
  }
  return sent;
}

/** The message to answer to: a ts, or the one that a handle has for this channel. */
function threadOf(
  thread: string | undefined,
  destination: SlackDestination,
  token: string,
): string | undefined {
  if (thread === undefined || !thread.startsWith('notice1.')) return thread;
  return parseHandle(thread)?.messages[destinationKey(token, destination.address)]?.id;
}

/** Edits the message; false when it is no longer there or cannot be edited any more. */
async function edit(
  api: WebApi,
  channel: string,
  ts: string,
  message: object,
  plain: object,
  log: NoticePorts['log'],
): Promise<boolean> {
  try {
    await simplified(message, plain, log, (content) =>
      api.call('chat.update', { channel, ts, ...content }, { repeatable: true }),
    );
    return true;
  } catch (error) {
    const gone = ['message_not_found', 'cant_update_message', 'edit_window_closed', 'channel_not_found'];
    if (error instanceof SlackError && gone.includes(error.word)) return false;
    throw error;
  }
}

/** Sends the message in blocks; as text alone where the server does not take them. */
async function simplified<T>(
  message: object,
  plain: object,
  log: NoticePorts['log'],
  send: (content: object) => Promise<T>,
): Promise<T> {
  try {
    return await send(message);
  } catch (error) {
    const formatting = [
      'invalid_blocks',
      'invalid_blocks_format',
      'invalid_attachments',
      'invalid_payload',
      'msg_blocks_too_long',
      'msg_too_long',
      'too_many_attachments',
    ];
    if (!(error instanceof SlackError) || !formatting.includes(error.word)) throw error;
    log.warning(`Slack did not take the message's formatting (${error.word}); it is sent as plain text.`);
    // An edit keeps the blocks that it does not name.
    return await send({ ...plain, blocks: [], attachments: [] });
  }
}

/**
 * Uploads files into the message's thread.
 * Source: docs.slack.dev, "Working with files": getUploadURLExternal, the bytes, completeUploadExternal.
 */
async function upload(
  api: WebApi,
  files: readonly Attachment[],
  channel: string | undefined,
  thread: string | undefined,
): Promise<void> {
  if (files.length === 0) return;
  const uploaded: { id: string; title: string }[] = [];
  for (const file of files) {
    const slot = await api.call(
      'files.getUploadURLExternal',
      { filename: file.name, length: file.bytes.length },
      { repeatable: true },
    );
    const { upload_url: url, file_id: id } = slot;
    if (typeof url !== 'string' || typeof id !== 'string' || !URL.canParse(url)) {
      throw new Failure('refused', 'files.getUploadURLExternal: the answer has no address to upload to');
    }
    await api.putFile(url, file.bytes);
    uploaded.push({ id, title: file.name });
  }
  await api.call('files.completeUploadExternal', {
    files: uploaded,
    ...(channel ? { channel_id: channel } : {}),
    ...(thread ? { thread_ts: thread } : {}),
  });
}
