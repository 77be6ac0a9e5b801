import type { Listener, Published } from '@deploy-actions/readiness';
import { PROXIES } from '@deploy-actions/traffic/proxies';
import {
  type Check,
  type Seen,
  type Unseen,
  type Verdict,
  failed,
  listed,
  passed,
  unknown,
  warned,
} from './check.ts';

/** What the rest of the world meets: names, certificates, ports. */
export const OUTSIDE: readonly Check[] = [
  { name: 'domains', judge: judgeDomains, judgeUnseen: judgeDomains },
  { name: 'certificates', judge: judgeCertificates, judgeUnseen: judgeCertificates },
  {
    name: 'ports',
    judge(seen) {
      const wanted = seen.inputs.ports;
      if (wanted.length === 0) return undefined;
      const { published, listeners } = seen.facts;
      if (published === undefined) return unknown('who holds them is not known: see docker', undefined);
      if (listeners === undefined) return unknown(UNTOLD, SEE_PROC);
      const taken: string[] = [];
      const unsure: string[] = [];
      const good: string[] = [];
      for (const port of wanted) {
        const containers = published.filter((one) => one.port === port);
        // Also on loopback alone: beside it nobody else can listen on every address (ip(7), bind(2)).
        const [socket] = listeners
          .filter((one) => one.port === port)
          .sort((a, b) => REACHES.indexOf(a.reach) - REACHES.indexOf(b.reach));
        if (containers.length > 0) {
          const foreign = containers.filter((one) => !isOwn(seen, one));
          if (foreign.length === 0)
            good.push(`${port}: ours (${listed([...new Set(containers.map((one) => one.container))])})`);
          else taken.push(`${port}: the container ${holder(foreign[0]!)}`);
        } else if (socket === undefined) good.push(`${port}: free`);
        else {
          const where = socket.reach === 'loopback' ? ', on loopback' : '';
          if (DOORS.has(socket.program ?? '')) good.push(`${port}: ${socket.program!}`);
          else if (socket.program === undefined && socket.user === 'root')
            unsure.push(`${port}: a program of root's, which ${seen.facts.machine.user} may not see${where}`);
          else taken.push(`${port}: ${socket.program ?? 'a program'} of the user ${socket.user}${where}`);
        }
      }
      const words = [...taken, ...unsure, ...good].join('; ');
      const remedy = 'See who it is: sudo ss -ltnp. Stop it, or publish another port.';
      if (taken.length > 0) return failed(words, remedy);
      return unsure.length > 0
        ? warned(words, 'See who it is: sudo ss -ltnp. A proxy on the host is as it must be.')
        : passed(words);
    },
  },
  {
    name: 'allowed-ports',
    judge(seen) {
      const allowed = new Set(seen.inputs['allowed-ports']);
      if (allowed.size === 0) return undefined;
      const { published, listeners } = seen.facts;
      if (published === undefined) return unknown('what containers publish is not known: see docker');
      if (listeners === undefined) return unknown(UNTOLD, SEE_PROC);
      const open = new Map<number, string>();
      for (const one of listeners)
        if (one.reach !== 'loopback') open.set(one.port, one.program ?? `user ${one.user}`);
      for (const one of published) if (one.reach !== 'loopback') open.set(one.port, one.container);
      const wrong = [...open].filter(([port]) => !allowed.has(port)).sort(([a], [b]) => a - b);
      return wrong.length === 0
        ? passed(
            `open beyond loopback: ${listed([...open.keys()].sort((a, b) => a - b).map(String)) || 'none'}`,
          )
        : failed(
            `open beyond loopback: ${listed(wrong.map(([port, by]) => `${port} (${by})`))}`,
            'Publish them on loopback (127.0.0.1:port:port), or stop what listens: a firewall of the host does not hold back the ports that containers publish.',
          );
    },
  },
];

const UNTOLD = 'the server does not tell who listens (/proc/net/tcp)';
const SEE_PROC = 'Look on the server why the login may not read it: ls -l /proc/net/tcp';

/** The widest first. */
const REACHES: readonly Listener['reach'][] = ['every-address', 'one-address', 'loopback'];

/** Programs that stand at the door. */
const DOORS = new Set([...PROXIES.map(({ kind }) => kind), 'apache2', 'httpd']);

function isOwn({ facts }: Seen, { project, container }: Published): boolean {
  if (!('is' in facts.release)) return false;
  const own = facts.release.is.project;
  return [own, `${own}-blue`, `${own}-green`].includes(project) || container === `${own}-proxy`;
}

function holder({ container, project }: Published): string {
  return project === '' ? container : `${container} of the project ${project}`;
}

function judgeDomains({ inputs, domains, addresses, server }: Unseen): Verdict | undefined {
  if (inputs.domains.length === 0) return undefined;
  const wrong: string[] = [];
  for (const name of inputs.domains) {
    const answer = domains.get(name)!;
    if ('problem' in answer.addresses) wrong.push(`${name}: ${answer.addresses.problem}`);
    else {
      const elsewhere = answer.addresses.is.filter((one) => !addresses.has(one));
      if (elsewhere.length > 0) wrong.push(`${name} leads to ${listed(elsewhere)}`);
    }
  }
  if (wrong.length === 0)
    return passed(`${listed(inputs.domains)} lead${inputs.domains.length === 1 ? 's' : ''} here`);
  return failed(
    `${wrong.join('; ')}; the server has ${listed([...addresses])}`,
    `Let their A and AAAA records be the addresses of ${server.host}; behind a load balancer or a CDN set \`warn: domains\`.`,
  );
}

function judgeCertificates({ inputs, domains, now }: Unseen): Verdict | undefined {
  if (inputs.domains.length === 0) return undefined;
  const least = inputs['expect-certificate-days'];
  const good: string[] = [];
  const wrong: string[] = [];
  for (const name of inputs.domains) {
    const { certificate } = domains.get(name)!;
    if ('problem' in certificate) {
      wrong.push(`${name}: ${certificate.problem}`);
      continue;
    }
    const days = Math.floor((certificate.is.getTime() - now.getTime()) / 86_400_000);
    (days < least ? wrong : good).push(
      `${name}: valid for ${days} more days${days < least ? `, wanted at least ${least}` : ''}`,
    );
  }
  return wrong.length === 0
    ? passed(good.join('; '))
    : failed(wrong.join('; '), 'Renew it, such as by: sudo certbot renew; or look why the proxy does not.');
}
