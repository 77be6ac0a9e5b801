/**
 * Bundled in the place of undici as a whole (fetch, WebSocket, caches, mocks: a third of a small action) where nobody
 * but @actions/http-client wants it, and one class of it. packages/http names the file of the client by itself.
 */
'use strict';

exports.ProxyAgent = require('../../../node_modules/undici/lib/dispatcher/proxy-agent.js');
