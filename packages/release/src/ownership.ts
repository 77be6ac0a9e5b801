import type { ComposeModel } from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';
import { noteOf } from '@deploy-actions/ledger';
import type { Inspection, StackView } from './inspection.ts';
import { claimOf } from './leftover.ts';

/**
 * Refuses a project whose containers were deployed by this program from another folder of the server: two applications
 * of one name would remove each other's containers as orphans and share each other's volumes.
 * @throws Failure `refused` that names both folders.
 */
export function refuseOtherFolder(found: Pick<StackView, 'project' | 'containers'>, path: string): void {
  const own = plain(path);
  const foreign = found.containers.filter(
    ({ hash, folder }) => hash !== '' && folder !== '' && plain(folder) !== own,
  );
  const [first] = foreign;
  if (first === undefined) return;
  throw elsewhere(
    found.project,
    first.folder,
    own,
    `${foreign.map((one) => one.name).join(', ')} would be taken over or removed`,
    `If the folder was moved, take the containers of the old one away first: docker compose --project-name ${first.project} down (volumes stay).`,
  );
}

/** What the ownership of volumes and networks is judged by. */
export type Owned = Pick<
  Inspection,
  'project' | 'containers' | 'leftovers' | 'current' | 'previousRelease' | 'history'
>;

/**
 * Refuses volumes and networks that outlived another application's containers. Docker keeps the project's name with
 * them and no folder, so only our own note can tell whose they are:
 *
 * - the note names another folder, and something of the project is left: refused, with both folders;
 * - there is no note, and this folder has no record of a deployment of the project: volumes that the release would use
 *   are another application's, or an earlier stack's that was taken down. Which of them nobody can tell, so the user must
 *   say it (`adopt`). A network alone holds nothing and may be used.
 *
 * @throws Failure `refused` with the names of what is there and the remedy.
 */
export function refuseLeftovers(found: Owned, model: ComposeModel, path: string, adopt: boolean): void {
  const own = plain(path);
  const { project } = found;
  const left = found.leftovers.filter((one) => one.project === project);
  const claim = claimOf(project, found.leftovers);
  if (claim !== undefined) {
    if (plain(claim) === own || left.length === 0) return;
    throw elsewhere(
      project,
      claim,
      own,
      `${nameAll(left)} would be taken over`,
      `If that application is gone, or its folder was moved to here: docker volume rm ${noteOf(project)} (an empty note), then set \`adopt: true\` once.`,
    );
  }
  if (adopt || isOnRecord(found) || found.containers.length > 0) return;
  const names = new Set(
    Object.values(model.volumes ?? {}).map((volume) => (volume?.external ? '' : volume?.name)),
  );
  const used = left.filter((one) => one.kind === 'volume' && names.has(one.name));
  if (used.length === 0) return;
  throw new Failure(
    'refused',
    `${nameAll(used)} of the project ${project} ${used.length > 1 ? 'are' : 'is'} on the server, and no deployment to ${own} made ${used.length > 1 ? 'them' : 'it'}: another application's, or an earlier stack's of this one (Docker does not keep the folder)`,
    {
      code: 'foreign-volumes',
      input: 'project',
      remedy:
        `For another application, give this one a name of its own: \`project: ${project}-2\`, or another \`name:\` in its compose file. ` +
        `If the data is this application's, set \`adopt: true\` once (and deploy that once without \`color\`).`,
    },
  );
}

/** Whether this folder has deployed the project before; versions before 1.1 left no note with the engine. */
function isOnRecord({ project, current, previousRelease, history }: Owned): boolean {
  if (previousRelease !== undefined) return previousRelease.project === project;
  return current !== '' || history.length > 0;
}

function elsewhere(project: string, folder: string, own: string, what: string, moved: string): Failure {
  return new Failure(
    'refused',
    `the project ${project} belongs to the application in ${folder}, and this is ${own}: ${what}`,
    {
      code: 'project-elsewhere',
      input: 'project',
      remedy: `Give each application a name of its own: \`project: ${project}-2\`, or another \`name:\` in its compose file. ${moved}`,
    },
  );
}

function nameAll(all: readonly { kind: string; name: string }[]): string {
  return all.map((one) => `the ${one.kind} ${one.name}`).join(', ');
}

function plain(path: string): string {
  return path.replace(/\/+$/, '');
}
