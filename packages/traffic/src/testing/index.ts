export { type Shop, type ShopServer, shopsForEach } from './shop.ts';
export { putSwarmColors } from './swarm-shop.ts';
export { siteOf } from './site.ts';
export { type StandInProxy, standInProxy } from './stand-in-proxy.ts';
