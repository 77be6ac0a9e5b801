/**
 * Bundled in the place of @actions/http-client. @actions/core imports that eagerly, and undici with it, for
 * OIDC tokens alone: two thirds of a small action's start-up. Here it is the same module, loaded at first use.
 */
'use strict';

const late = () => require('../../../node_modules/@actions/http-client/lib/index.js');

for (const name of [
  'HttpClient',
  'HttpClientError',
  'HttpClientResponse',
  'HttpCodes',
  'Headers',
  'MediaTypes',
  'getProxyUrl',
  'isHttps',
]) {
  Object.defineProperty(exports, name, { enumerable: true, get: () => late()[name] });
}
