import type { Site } from '../site.ts';

/** A site of the project `shop` behind nginx on the host, with a canary. */
export function siteOf(more: Partial<Site> = {}): Site {
  return {
    project: 'shop',
    kind: 'nginx',
    container: '',
    configFile: '/etc/site',
    configInside: '/etc/site',
    routes: [
      {
        name: 'web',
        service: 'web',
        port: 8080,
        blue: ['127.0.0.1:8080'],
        green: ['127.0.0.1:18102'],
        plain: ['127.0.0.1:8080', 'web:8080'],
      },
    ],
    folder: '/var/lib/deploy-actions/shop',
    fallback: 'blue',
    header: 'X-Deploy-Color',
    sticky: undefined,
    token: '0123456789abcdef01234567',
    canary: true,
    socket: '',
    socketInside: '',
    watched: '',
    canaryLog: '/var/log/deploy-actions/shop.log',
    canaryLogInside: '/var/log/deploy-actions/shop.log',
    canaryWhy: '',
    ...more,
  };
}
