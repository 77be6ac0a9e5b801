import { sha256 } from '@deploy-actions/compose';
import type { ServiceSpec } from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';

/** A service as the cluster has it, whoever gave it. Its configuration holds variables that may be secret: never log it. */
export interface HeldSpec {
  /** As the compose file has it. */
  name: string;
  /** It bears our hash. */
  isOurs: boolean;
  /** The configuration as the engine shows it: by this text it comes back. */
  text: string;
  /** Of that text. */
  sha256: string;
  spec: ServiceSpec;
}

/** What the services that run on one node were made from. */
export interface TaskImage {
  service: string;
  /** Id of the image on that node. */
  id: string;
  /** References by digest that the node has of it. */
  digests: readonly string[];
}

/** A stack that may be taken over, whole. */
export interface HeldStack {
  services: readonly HeldSpec[];
  /** Names of the cluster's networks by their ids. */
  networks: ReadonlyMap<string, string>;
}

/** Reads `engine_service_specs` and `engine_cluster_networks`. Throws the Failure of an answer that has not its form. */
export function readHeldStack(specs: string, networks: string): HeldStack {
  return {
    services: linesOf(specs).map((line) => {
      const [, hash, name, text] = /^(\S+) (\S+) (\{.*\})$/.exec(line) ?? [];
      if (name === undefined || text === undefined) throw lie();
      let spec: ServiceSpec;
      try {
        spec = JSON.parse(text) as ServiceSpec;
      } catch {
        throw lie();
      }
      return { name, isOurs: hash !== '-', text, sha256: sha256(text), spec };
    }),
    networks: new Map(linesOf(networks).map((line) => line.split(' ', 2) as [string, string])),
  };
}

/** Reads `engine_task_images`. */
export function readTaskImages(text: string): TaskImage[] {
  return linesOf(text).map((line) => {
    const [service = '', id = '', ...digests] = line.split(' ');
    return { service, id, digests: digests.filter((one) => one !== '') };
  });
}

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

function lie(): Failure {
  return new Failure(
    'remote',
    'what the server tells of the configuration of its services has not the form of it',
    { remedy: 'Look at what answers as docker on the server.' },
  );
}
