import type { Inputs } from '@deploy-actions/kit';
import {
  type Attachment,
  type NoticeOutputs,
  type NoticePorts,
  type Outgoing,
  type Post,
  type Sent,
  type TelegramMention,
  type TelegramMessage,
  notify,
  readAttachments,
  renderTelegram,
  settled,
  telegramMentions,
  telegramText,
} from '@deploy-actions/notice';
import { type Bot, BotError, openBot } from './bot.ts';
import type { Chat, fields } from './fields.ts';

/** The Bot API takes documents of at most 50 MB and photos of at most 10 MB. */
const DOCUMENT_LIMIT = 50_000_000;
const PHOTO_LIMIT = 10_000_000;

interface ChatDestination extends Chat {
  label: string;
  address: string;
}

/** Sends a notice to every chat, or edits the ones that an earlier call sent. */
export async function sendTelegram(
  inputs: Inputs<typeof fields>,
  ports: NoticePorts,
  post: Post,
): Promise<NoticeOutputs> {
  const { log, workflow } = ports;
  const token = inputs['bot-token'] ?? '';
  const topic = inputs.topic === undefined ? undefined : Number(inputs.topic);
  const destinations = inputs['chat-id'].map((chat): ChatDestination => ({
    ...chat,
    topic: chat.topic ?? topic,
    label: `chat ${chat.id}`,
    address: `${chat.id}/${chat.topic ?? topic ?? ''}`,
  }));
  const attachments = settled(inputs.status)
    ? readAttachments(inputs.attach, workflow.workspace, DOCUMENT_LIMIT, log)
    : [];
  return await notify(
    { ...inputs, 'mention-on-failure': [] },
    {
      name: 'Telegram',
      needed: [
        { input: 'bot-token', given: token !== '' },
        { input: 'chat-id', given: destinations.length > 0 },
      ],
      secret: token,
      destinations,
      send: (outgoing) =>
        converse(openBot(inputs['api-url'], token, outgoing.courier), outgoing, {
          mentions: inputs['mention-on-failure'],
          buttons: inputs.buttons,
          attachments,
          log,
        }),
    },
    ports,
    post,
  );
}

interface Extras {
  mentions: readonly TelegramMention[];
  buttons: readonly { name: string; url: string }[] | undefined;
  attachments: readonly Attachment[];
  log: NoticePorts['log'];
}

/** The whole conversation about one message with one chat. */
async function converse(bot: Bot, outgoing: Outgoing<ChatDestination>, extras: Extras): Promise<Sent> {
  const { notice, destination, earlier, silent } = outgoing;
  const { log } = extras;
  const mentions = outgoing.mention ? extras.mentions : [];
  const message = renderTelegram(notice, { detail: destination.detail, mentions, buttons: extras.buttons });
  let chat = destination.id;

  /** Calls, and follows a group that became a supergroup. */
  const inChat = async <T>(work: (chat: string) => Promise<T>): Promise<T> => {
    try {
      return await work(chat);
    } catch (error) {
      if (!(error instanceof BotError) || error.migrateTo === undefined) throw error;
      log.warning(`The group ${chat} became the supergroup ${error.migrateTo}: write that into \`chat-id\`.`);
      chat = error.migrateTo;
      return await work(chat);
    }
  };

  let id = earlier?.id;
  let edited = false;
  if (id !== undefined) {
    edited = await inChat((to) => edit(bot, to, id!, message, log));
    if (!edited) log.info(`The message to edit is gone from ${destination.label}; a new one is sent.`);
  }
  const place = () => ({
    chat_id: chat,
    ...(destination.topic === undefined || destination.topic === GENERAL
      ? {}
      : { message_thread_id: destination.topic }),
    ...(silent ? { disable_notification: true } : {}),
  });
  if (!edited) {
    id = await inChat(() => post(bot, place(), message, log));
  }
  const reply = () => ({
    ...place(),
    ...(id ? { reply_parameters: { message_id: Number(id), allow_sending_without_reply: true } } : {}),
  });
  try {
    // An edit rings nobody's phone: who is to be called needs a message.
    if (edited && mentions.length > 0 && settled(notice.status)) {
      const text = `${telegramMentions(mentions)} ${telegramText(notice.title, 500)}`;
      await inChat(() => bot.call('sendMessage', { ...reply(), text, parse_mode: 'HTML' }));
    }
  } catch (error) {
    return { id, shortfall: error };
  }
  try {
    const documents: Attachment[] = [
      ...(message.cut && destination.detail === 'full'
        ? [{ name: 'details.txt', bytes: Buffer.from(notice.details.toWellFormed()), picture: false }]
        : []),
      ...(destination.detail === 'full' ? extras.attachments : []),
    ];
    for (const file of documents) {
      await inChat(() =>
        attach(bot, { ...reply(), caption: telegramText(file.name), parse_mode: 'HTML' }, file),
      );
    }
  } catch (error) {
    return { id, withoutFiles: error };
  }
  return { id };
}

/** The topic that every forum has; Telegram says "message thread not found" to its id, and wants none. */
const GENERAL = 1;

const NO_PREVIEW = { link_preview_options: { is_disabled: true } };

/** Sends the message; in plain text where the server does not take the markup, without buttons where not those. */
async function post(
  bot: Bot,
  place: Record<string, unknown>,
  message: TelegramMessage,
  log: NoticePorts['log'],
): Promise<string> {
  const result = await simplified(message, log, (content) =>
    bot.call('sendMessage', { ...place, ...content }),
  );
  return String((result as { message_id?: unknown } | undefined)?.message_id ?? '');
}

/** Edits the message; false when it is no longer there. */
async function edit(
  bot: Bot,
  chat: string,
  id: string,
  message: TelegramMessage,
  log: NoticePorts['log'],
): Promise<boolean> {
  try {
    await simplified(message, log, (content) =>
      bot.call(
        'editMessageText',
        { chat_id: chat, message_id: Number(id), ...content },
        { repeatable: true },
      ),
    );
    return true;
  } catch (error) {
    if (!(error instanceof BotError)) throw error;
    if (/message is not modified/i.test(error.description)) return true;
    if (/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(error.description))
      return false;
    throw error;
  }
}

/** Telegram's words for what is wrong with the text's markup, and with the buttons. */
const FORMATTING =
  /can't parse entities|unsupported start tag|message is too long|MESSAGE_TOO_LONG|ENTIT(?:Y|IES)_|entities are too/i;
const BUTTONS = /BUTTON|inline keyboard|reply.?markup/i;

/** Gives up the markup, then the buttons, or the other way round, as Telegram asks for it. */
async function simplified(
  message: TelegramMessage,
  log: NoticePorts['log'],
  send: (content: Record<string, unknown>) => Promise<unknown>,
): Promise<unknown> {
  let formatted = true;
  let withButtons = message.keyboard.length > 0;
  for (;;) {
    try {
      return await send({
        ...(formatted ? { text: message.html, parse_mode: 'HTML' } : { text: message.plain }),
        ...NO_PREVIEW,
        ...(withButtons ? { reply_markup: { inline_keyboard: message.keyboard } } : {}),
      });
    } catch (error) {
      if (!(error instanceof BotError)) throw error;
      if (withButtons && BUTTONS.test(error.description)) {
        withButtons = false;
        log.warning(`Telegram did not take the buttons (${error.description}); the message is sent without.`);
      } else if (formatted && FORMATTING.test(error.description)) {
        formatted = false;
        log.warning(
          `Telegram did not take the message's formatting (${error.description}); it is sent as plain text.`,
        );
      } else throw error;
    }
  }
}

/** Sends a file; a picture that is not taken as a photo goes as a document. */
async function attach(bot: Bot, parameters: Record<string, unknown>, file: Attachment): Promise<void> {
  if (file.picture && file.bytes.length <= PHOTO_LIMIT) {
    try {
      await bot.upload('sendPhoto', parameters, file);
      return;
    } catch (error) {
      if (!(error instanceof BotError) || !/photo|image/i.test(error.description)) throw error;
    }
  }
  await bot.upload('sendDocument', parameters, file);
}
