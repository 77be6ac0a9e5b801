/**
 * Labels of the house's own, on what it makes on a server. What is written in TypeScript has its name from here; the programs
 * on servers have theirs in the engine's file, and a test holds the two together.
 */
export const LABELS = {
  /** The application: on the containers of a colour, on networks, on the managed proxy. */
  project: 'deploy-actions.project',
  /** On the containers of a colour. */
  color: 'deploy-actions.color',
  /** On each container: the hash of everything that makes it what it is, the image's content left out. */
  hash: 'deploy-actions.hash',
  /** On containers that tell their release by themselves. Only read. */
  release: 'deploy-actions.release',
  /** `true` on containers of a service that runs only where the traffic is. Only read. */
  liveOnly: 'deploy-actions.live-only',
  /** The folder of the application, on the note that the project belongs to it. */
  folder: 'deploy-actions.folder',
  /** What the managed proxy was made with. */
  proxy: 'deploy-actions.proxy',
  /** The project, on a container that a backup is tried in. */
  trial: 'deploy-actions.trial',
  /** The project, on the notes by which the managers of a cluster know who changes it. */
  lead: 'deploy-actions.lead',
  /** The deployment that such a note is of. */
  deployment: 'deploy-actions.deployment',
  /** The node that such a note is of. */
  node: 'deploy-actions.node',
} as const;

/**
 * The name of the note that a project belongs to a folder: an empty volume. `engine_note` is the same on the server, and a
 * stack's own volume cannot have such a name, since a project has no dot.
 */
export const noteOf = (project: string): string => `deploy-actions.${project}`;
