/** undici's client without the rest of it: the same class as `Client` of `undici`. */
declare module 'undici/lib/dispatcher/client.js' {
  import { Client } from 'undici';

  // As the file itself is: CommonJS, the class alone.
  // eslint-disable-next-line no-restricted-syntax -- the library is what it is
  export default Client;
}
