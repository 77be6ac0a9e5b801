import { Failure } from '@deploy-actions/kit';
import type { StackView } from './inspection.ts';

/**
 * Refuses a project whose containers were deployed by this program from another folder of the server: two applications
 * of one name would remove each other's containers as orphans and share each other's volumes.
 * @throws Failure `refused` that names both folders.
 */
export function refuseOtherFolder(found: Pick<StackView, 'project' | 'containers'>, path: string): void {
  const own = path.replace(/\/+$/, '');
  const foreign = found.containers.filter(
    ({ hash, workingDir }) => hash !== '' && workingDir !== '' && workingDir.replace(/\/+$/, '') !== own,
  );
  const [first] = foreign;
  if (first === undefined) return;
  throw new Failure(
    'refused',
    `the project ${found.project} belongs to the application in ${first.workingDir}, and this is ${own}: ${foreign.map((one) => one.name).join(', ')} would be taken over or removed`,
    {
      input: 'project',
      remedy:
        `Give each application a name of its own: \`project: ${found.project}-2\`, or another \`name:\` in its compose file. ` +
        `If the folder was moved, take the containers of the old one away first: docker compose --project-name ${first.project} down (volumes stay).`,
    },
  );
}
