export { type Fault, type Seen } from './script.ts';
export { type ShownTelegram, type TelegramStub, startTelegramStub } from './telegram.ts';
export { type ShownSlack, type SlackFile, type SlackStub, startSlackStub } from './slack.ts';
export { type Entity, EntityError, cleanInput, findEntities, parseHtml } from './telegram-entities.ts';
export {
  type SlackFound,
  SlackRefusal,
  countCharacters,
  readBlocks,
  readMessage,
  readText,
} from './slack-grammar.ts';
export { hostileTexts } from './hostile.ts';
export { everywhere } from './everywhere.ts';
export { sampleNotice } from './sample.ts';
export { type FakePorts, fakePorts, sampleWorkflow } from './ports.ts';
export { upToThreeFaults, watchEarly } from './trial.ts';
export { type Drawing, drawPage, drawSlack, drawTelegram } from './picture.ts';
