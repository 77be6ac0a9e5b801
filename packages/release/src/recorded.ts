export {
  type DatabaseCommands,
  afterDatabase,
  databaseServer,
  databaseServers,
  onTakenData,
  takesDataBack,
} from './database.ts';
export { redeployBack, redeployOperation } from './redeploy.ts';
export { RECORDED_PROGRAMS } from './recorded-programs.ts';
export { type StandingBy, standBy } from './stand-by.ts';
