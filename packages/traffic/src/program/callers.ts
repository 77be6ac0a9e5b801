import { ENGINE, ENGINE_FAILURE, ENGINE_NETWORKS } from '@deploy-actions/engine';
import { FORMS, defineInspection, part } from '@deploy-actions/host';
import { PROXIES } from '../proxy/registry.ts';
import { FOUND, OF_PROXY } from '../proxy/shared.ts';

export const PROXY_LINES = FORMS.lines(
  /^(?:host [a-z]+|container [a-z]+ [0-9a-f]{12,64} [a-zA-Z0-9][\w.-]*)$/,
  'where a proxy runs and its kind',
);

/** Looks at who can ask a service by its name. Its fields: see `readCallers`. */
export const CALLERS = defineInspection({
  name: 'callers',
  parts: [
    ...PROXIES.map(({ namesPart }) => namesPart),
    part(new URL('callers.sh', import.meta.url), {
      needs: [ENGINE, ENGINE_NETWORKS, ENGINE_FAILURE, OF_PROXY, FOUND],
      results: {
        kinds: FORMS.lines(/^[a-zA-Z0-9][\w.-]* (?:internal|open)?$/, 'a network and whether it leads out'),
        there: FORMS.lines(/^[a-zA-Z0-9][\w.-]* [0-9a-f]{12,64} \S+ \S+$/, 'a network and a container on it'),
        proxies: PROXY_LINES,
        'names_*': FORMS.text,
      },
    }),
  ],
  parameters: ['docker_host', 'networks'],
});
