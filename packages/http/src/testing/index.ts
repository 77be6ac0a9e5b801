export { failure, startsForEach } from './http-rig.ts';
