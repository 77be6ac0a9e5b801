import { Failure } from '@deploy-actions/kit';
import { parseReference } from '@deploy-actions/image';
import type { Inspection } from './inspection.ts';

/** What is judged before a stack is taken over. */
export type Adoptable = Pick<
  Inspection,
  'project' | 'config' | 'containers' | 'current' | 'oldFolder' | 'stack' | 'others' | 'adopted' | 'dormant'
>;

/**
 * What the user should hear about a stack that is taken over, or that was to be taken over and is not there.
 * @throws Failure `refused` where the application would start without the old stack's data, or with a part of it.
 */
export function checkAdoption(
  found: Adoptable,
  path: string,
  adopt: boolean,
  composeFiles: readonly string[],
): string[] {
  if (found.current !== '') return interference(found);
  if (found.stack) {
    refuseFewerFiles(found.stack.files, composeFiles);
    return [...foldersNotice(found, path), ...lostNotice(found.stack.lost)];
  }
  if (!adopt) return [];
  const foreign = found.containers.filter((one) => one.hash === '' && !one.oneOff);
  if (foreign.length > 0) {
    throw new Failure(
      'refused',
      `adopt: Docker does not tell where ${foreign.map((one) => one.name).join(', ')} ${foreign.length > 1 ? 'were' : 'was'} started, so the data folders and env files would be missing`,
      {
        code: 'stack-out-of-reach',
        input: 'adopt',
        remedy: 'Start the stack once by `docker compose up --detach` in its folder, and deploy again.',
      },
    );
  }
  refuseLookalike(found);
  if (found.containers.length > 0) return [];
  return [
    `adopt: there was nothing to adopt, no container of the project ${found.project} is on the server; the application starts with what is in ${path}/shared`,
  ];
}

/** Another stack that has a service of the same name with the same image is most likely this application. */
function refuseLookalike({ project, config, others }: Adoptable): void {
  const alike = others.filter(({ service, image }) => {
    const own = Object.hasOwn(config.services, service) ? config.services[service]?.image : undefined;
    return own !== undefined && repositoryOf(own) === repositoryOf(image);
  });
  const [first] = alike;
  if (first === undefined) return;
  const services = alike.filter((one) => one.project === first.project).map((one) => one.service);
  throw new Failure(
    'refused',
    `adopt: no container of the project ${project} is on the server, but the stack ${first.project}, started in ${first.folder || 'a folder that Docker does not tell'}, has ${[...new Set(services)].join(', ')} of the same images`,
    {
      code: 'stack-under-other-name',
      input: 'project',
      remedy: `To take it over give its name, \`project: ${first.project}\`. If it is another application, leave \`adopt\` out.`,
    },
  );
}

function repositoryOf(image: string): string {
  try {
    return parseReference(image).repository;
  } catch {
    return image;
  }
}

/**
 * What the files that are left out add would be gone after the first deployment. One that was renamed may stand for one
 * that is missing, so they are counted.
 */
function refuseFewerFiles(files: readonly string[], given: readonly string[]): void {
  const base = (file: string) => file.slice(file.lastIndexOf('/') + 1);
  const has = new Set(files.map(base));
  const gives = new Set(given.map(base));
  const missing = files.filter((file) => !gives.has(base(file)));
  const extra = given.filter((file) => !has.has(base(file)));
  if (missing.length <= extra.length) return;
  throw new Failure(
    'refused',
    `adopt: the running stack was started from ${files.join(' and ')}, and \`compose-file\` gives ${given.join(' and ')}: what ${missing.join(' and ')} ${missing.length > 1 ? 'add' : 'adds'} would be gone`,
    {
      code: 'stack-files-missing',
      input: 'compose-file',
      remedy:
        'Put them all into the repository and name them in `compose-file`, in that order. ' +
        `If one is not wanted any more, start the stack once without it: docker compose ${given.map((file) => `--file ${base(file)}`).join(' ')} up --detach`,
    },
  );
}

function foldersNotice({ oldFolder, stack }: Adoptable, path: string): string[] {
  const [file] = stack!.files;
  if (oldFolder === '' || file === undefined) return [];
  return [
    `adopt: from now on the application is what is deployed to ${path}. \`docker compose up\` in ${oldFolder} would bring the old version back: rename its compose file, mv ${file} ${file}.adopted`,
  ];
}

function lostNotice(lost: readonly string[]): string[] {
  if (lost.length === 0) return [];
  return [
    `adopt: the release adopted cannot bring back all of what runs now, which matters if this deployment fails. Without: ${lost.join('; ')}`,
  ];
}

/** Containers that came by other means since the last deployment: somebody works by hand, and may bring old versions back. */
function interference({ containers, adopted, project, dormant }: Adoptable): string[] {
  const known = new Set(adopted.map((line) => line.split(' ')[0]));
  const foreign = containers.filter(
    (one) =>
      one.hash === '' &&
      !one.oneOff &&
      one.project === project &&
      !known.has(one.id) &&
      !dormant.includes(one.service),
  );
  return foreign.map(
    (one) =>
      `${one.name} was started by other means since the last deployment${one.folder === '' ? '' : ` (docker compose in ${one.folder})`}: it runs ${one.image}. Whoever works by hand there brings other versions back; rename the compose file in that folder`,
  );
}
