export {
  type Http,
  type HttpOptions,
  type HttpRequest,
  type HttpResponse,
  type HttpTimings,
  firstHop,
  openHttp,
} from './client.ts';
export { loadClient } from './exchange.ts';
export { type JsonRequest, type JsonResponse, parseJsonBody, requestJson } from './json.ts';
export { HttpError, type HttpErrorDetails, type HttpPhase, codeOf, inWords } from './error.ts';
export {
  type Certificate,
  type ConnectOptions,
  type Connection,
  type Dial,
  type Endpoint,
  authority,
  connect,
} from './connect.ts';
export { Limit, TimeLimit, limited } from './limit.ts';
export { nextPage } from './link.ts';
export { endpointOf, readHead } from './proxy.ts';
export { parseRetryAfter } from './retry-after.ts';
export { type AddressFor, type Hop, connectAt, followHops } from './redirect.ts';
export { bodyText } from './text.ts';
