export { fakeClock } from './fake-clock.ts';
export { memoryLog } from './memory-log.ts';
