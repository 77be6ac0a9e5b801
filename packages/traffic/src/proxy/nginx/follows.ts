import { type Follow, LONGEST_KEPT, namesOneOf } from '../follow.ts';
import { effective } from './reading.ts';
import { type Directive, configurationFiles, expandIncludes, statement } from './syntax.ts';

const PASSES = /^(?:proxy|grpc|fastcgi|uwsgi|scgi|memcached)_pass$/;

/**
 * nginx looks a name up when it starts, and keeps it (ngx_parse_url), unless a variable stands in the address: then a
 * `resolver` is asked, for as long as the answer says or `valid` does. Docker's own answers hold for 600 seconds.
 */
export function followsInNginx(whole: string, names: readonly string[]): Follow {
  if (whole === '') return unread('`nginx -T` printed nothing');
  if (!namesOneOf(whole.replace(/^\s*#.*$/gm, ''), names)) return { keep: 0 };
  const files = configurationFiles(whole);
  for (const [, path] of whole.matchAll(/^# configuration file (\/.*):$/gm)) {
    if (!files.has(path!)) return unread(`${path} has a syntax that is not known here`);
  }
  const [main] = [...files.values()];
  let keep = 0;
  const visit = (
    list: readonly Directive[],
    around: readonly (readonly Directive[])[],
  ): Follow | undefined => {
    const levels = [list, ...around];
    for (const one of list) {
      const { name, args, block } = one;
      const text = args.join(' ');
      const isServer = name === 'server' && block === undefined;
      if (
        (PASSES.test(name) && !text.includes('$') && namesOneOf(text, names)) ||
        (isServer && namesOneOf(args[0] ?? '', names))
      )
        return {
          why: `\`${statement(one)}\` looks the name up when nginx starts, and never again`,
          remedy: `Write it with a variable: resolver 127.0.0.11 valid=1s ipv6=off; set $app http://${names[0]}:PORT; proxy_pass $app;`,
        };
      if (PASSES.test(name) && text.includes('$')) {
        const [resolver] = effective(levels, 'resolver');
        const valid = keptFor(resolver);
        if (resolver === undefined || valid === undefined || valid > LONGEST_KEPT) {
          return {
            why: `\`${statement(one)}\` keeps the address of a name for longer than ${LONGEST_KEPT} s${resolver ? ` (\`${statement(resolver)}\`)` : ', having no resolver'}`,
            remedy: 'Write beside it: resolver 127.0.0.11 valid=1s ipv6=off;',
          };
        }
        // It counts whole seconds, so an answer may serve for one more; and a busy one sees the clock late.
        keep = Math.max(keep, valid + 2);
      }
      const found = block && visit(expandIncludes(block, files), levels);
      if (found) return found;
    }
    return undefined;
  };
  return visit(expandIncludes(main ?? [], files), []) ?? { keep };
}

/** Seconds that Docker's DNS is believed for; undefined where another one is asked, or nothing is said. */
function keptFor(resolver: Directive | undefined): number | undefined {
  if (resolver?.args[0]?.replace(/:53$/, '') !== '127.0.0.11') return undefined;
  const [, number, unit = 's'] =
    /^valid=(\d+)(ms|s|m|h|d)?$/.exec(resolver.args.find((one) => one.startsWith('valid=')) ?? '') ?? [];
  if (number === undefined) return undefined;
  const seconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 }[unit]!;
  return Math.ceil(Number(number) * seconds);
}

function unread(why: string): Follow {
  return {
    why: `its configuration cannot be read: ${why}`,
    remedy: 'Let the container run nginx itself, as root or with a configuration that its user may read',
  };
}
