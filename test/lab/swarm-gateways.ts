import type { Host, Lab } from '@deploy-actions/lab';
import { GATEWAYS, type GatewayKind, bringCaddy } from './rolling-rig.ts';

/**
 * A configuration of the manual with what the page about swarms adds: more tasks, asked for more often, and one on a node that
 * died is given up soon.
 */
function forSwarm(configuration: string): string {
  return (
    configuration
      .replace('        proxy_http_version', '        proxy_connect_timeout 2s;\n        proxy_http_version')
      .replace('keepalive 2s', 'keepalive 2s\n\t\t\tdial_timeout 2s')
      .replace('server-template api 2', 'server-template api 9')
      .replace('option redispatch', 'option redispatch 1\n    option http-server-close')
      // It tells, with the state in which each ended, what it could not serve.
      .replace(
        '    mode http',
        '    mode http\n    log stdout format raw local0\n    option httplog\n    option dontlog-normal',
      )
      .replace('timeout connect 5s', 'timeout connect 2s')
      .replace('    hold valid 1s', '    timeout resolve 500ms\n    hold valid 500ms')
  );
}

/**
 * Proxies that nobody deploys, and that lead to the application already: one that has just started has asked Docker's DNS for
 * no address yet, or does not listen behind its published port, and what it loses then says nothing about a deployment.
 */
export async function startGateways({ host, registry }: Lab, kinds: readonly GatewayKind[]): Promise<void> {
  if (kinds.includes('caddy')) await bringCaddy(host);
  const words: Readonly<Record<GatewayKind, { file: string; run: string; args: string }>> = {
    nginx: { file: '/etc/nginx/conf.d/shop.conf', run: '', args: '' },
    caddy: {
      file: '/etc/caddy/Caddyfile',
      run: '--entrypoint caddy --env HOME=/tmp --volume /usr/local/bin/caddy:/usr/bin/caddy:ro',
      args: 'run --config /etc/caddy/Caddyfile',
    },
    haproxy: {
      file: '/etc/haproxy.cfg',
      run: '--entrypoint /usr/sbin/haproxy --volume /usr:/usr:ro',
      args: '-W -db -f /etc/haproxy.cfg',
    },
  };
  for (const kind of kinds) {
    const { port, configuration } = GATEWAYS[kind];
    const { file, run, args } = words[kind];
    await host.write(`/srv/edge/${kind}`, forSwarm(configuration));
    await host.sh(
      `chmod 755 /srv/edge; docker run --detach --name edge-${kind} --network edge --publish ${port}:80 --volume /srv/edge/${kind}:${file}:ro ${run} ${registry.image('shop/web:v1')} ${args}`,
    );
    await host.sh(
      `for i in $(seq 240); do curl -fsS -o /dev/null http://127.0.0.1:${port}/ && exit 0; sleep 0.25; done 2>/dev/null; docker logs edge-${kind}; exit 1`,
      { timeoutMs: 120_000 },
    );
  }
}

/** Waits until three tasks of a service run, on these nodes alone. */
export async function running(host: Host, name: string, nodes: readonly string[]): Promise<void> {
  await host.sh(
    `for i in $(seq 240); do
       docker service ps --filter desired-state=running --format '{{.Node}} {{.CurrentState}}' ${name} >/tmp/tasks
       [ "$(grep -c ' Running ' /tmp/tasks)" = 3 ] && ! grep -vqE '^(${nodes.join('|')}) Running' /tmp/tasks && exit 0
       sleep 0.5
     done
     cat /tmp/tasks
     exit 1`,
    { timeoutMs: 180_000 },
  );
}
