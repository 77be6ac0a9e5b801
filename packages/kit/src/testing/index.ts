export { fakeClock } from './fake-clock.ts';
export { type LogEntry, type MemoryLog, memoryLog } from './memory-log.ts';
