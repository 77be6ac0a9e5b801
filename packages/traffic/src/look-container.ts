import type { StandingContainer } from '@deploy-actions/ledger';

/** A container of the application, as `LOOK` reports it. */
export interface LookContainer extends StandingContainer {
  id: string;
  name: string;
  number: number;
  started: string;
  image: string;
  imageId: string;
  /** Published TCP ports: container port -> host ports, in order, also of a stopped container. */
  published: ReadonlyMap<number, readonly number[]>;
  /** Names of the networks that it is on. */
  networks: readonly string[];
}
