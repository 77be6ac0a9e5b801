import { type Operation, operationHash } from '@deploy-actions/host';
import { type EngineKind, jsonText } from '@deploy-actions/ledger';
import { RESTORE } from './programs.ts';
import { type Repository, repositoryValues } from './repository.ts';
import { type Source, sourceFile } from './source.ts';

/** What is to be done with a backup that is there. */
export interface Return {
  /** Its id. */
  backup: string;
  /** `restore` brings its data back; `confirm` lets go what that has replaced. */
  step: 'restore' | 'confirm';
  /** These only; empty: all databases that the backup has. */
  sources: readonly Source[];
  /** Where the backup may be fetched from, when it is not on the server any more. */
  repository: Repository | undefined;
  project: string;
  /** What runs the application. */
  engine: EngineKind;
  dockerHost: string | undefined;
  /** Bytes that must stay free where the data are loaded. */
  minFreeDisk: number;
  /** Milliseconds for all of it. */
  timeout: number;
  /** Of the run: another attempt brings it back anew, since what was brought back may be other data by now. */
  attempt: number;
}

/** The operation on one server that does it. */
export function restoreOperation(
  common: Pick<Operation, 'path' | 'deploymentId' | 'lockTimeout' | 'holder'>,
  { backup, step, sources, repository, project, engine, dockerHost, minFreeDisk, timeout, attempt }: Return,
): Operation {
  const files = [{ name: 'sources', content: sourceFile(sources) }];
  return {
    ...common,
    name: 'restore',
    program: RESTORE.with({
      project,
      engine,
      docker_host: dockerHost ?? '',
      backup,
      step,
      min_free_disk: String(minFreeDisk),
      timeout: String(Math.ceil(timeout / 1000)),
      actor: jsonText(common.holder.actor),
      run_url: jsonText(common.holder.runUrl),
      ...repositoryValues(repository),
    }),
    files,
    inputHash: operationHash([backup, step, String(attempt), files[0]!.content]),
  };
}
