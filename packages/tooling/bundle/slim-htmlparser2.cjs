/** Bundled in the place of htmlparser2 as a whole, which brings a DOM, its serializer and feeds: the tokenizer alone. */
'use strict';

const tokenizer = require('../../../node_modules/htmlparser2/dist/commonjs/Tokenizer.js');

exports.Tokenizer = tokenizer.default;
exports.QuoteType = tokenizer.QuoteType;
