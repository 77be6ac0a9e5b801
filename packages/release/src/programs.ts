import {
  CLUSTER,
  ENGINE,
  ENGINE_CLUSTER,
  ENGINE_CONTAINERS,
  ENGINE_FAILURE,
  ENGINE_IMAGES,
  ENGINE_LEADS,
  ENGINE_NETWORKS,
  ENGINE_OBJECTS,
  ENGINE_PUT,
  ENGINE_RELEASES,
  ENGINE_SPECS,
  FOUND_SPECS,
  LIVE_NAMES,
  REQUIREMENTS,
  IPVS,
} from '@deploy-actions/engine';
import { FORMS, type ResultForms, defineInspection, defineProgram, part } from '@deploy-actions/host';
import { COLOR_PORTS, PROJECT } from '@deploy-actions/ledger';
import { BACKUP_READING_SH } from '@deploy-actions/ledger/backup-sh';
import { LEDGER_PARAMETERS, LEDGER_READING_SH, LEDGER_SH } from '@deploy-actions/ledger/sh';
import { READ_HISTORY } from './history-program.ts';

/** What the last survey says, of containers or of tasks. */
const SURVEYED = part(new URL('sh/surveyed.sh', import.meta.url));
const STACK = part(new URL('sh/stack.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS],
});
export const WORK = part(new URL('sh/work.sh', import.meta.url), { needs: [ENGINE] });
const READING = part(LEDGER_READING_SH);
export const LEDGER = part(LEDGER_SH, { needs: [READING], parameters: LEDGER_PARAMETERS });
export const IMAGES = part(new URL('sh/images.sh', import.meta.url), {
  needs: [ENGINE_IMAGES],
});
/** In which order services start, and when they are well. */
const STARTING = part(new URL('sh/starting.sh', import.meta.url), {
  needs: [ENGINE_FAILURE],
  results: { stopped: FORMS.flag },
});
/** What a command needs on a server is started there. */
export const DEPENDENCIES = part(new URL('sh/dependencies.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_RELEASES, STACK, STARTING],
});
export const CONTAINER = part(new URL('sh/container.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_CONTAINERS, ENGINE_RELEASES],
  parameters: ['hook_timeout', 'migrate_timeout', 'migrate_on_cancel'],
});
/** The place of a release: a colour, or that of the release that serves. */
const SLOT = part(new URL('sh/slot.sh', import.meta.url), { needs: [READING], parameters: ['color'] });
/** What has the traffic. */
const FIND_LIVE = part(new URL('sh/find-live.sh', import.meta.url), { needs: [READING] });
const CHECK_IDLE = part(new URL('sh/check-idle.sh', import.meta.url), { needs: [FIND_LIVE] });
export const COLOR = part(new URL('sh/color.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_NETWORKS, STACK, READING, LIVE_NAMES, SLOT, FIND_LIVE],
});
const TAKEN_PORTS = part(new URL('sh/taken-ports.sh', import.meta.url), { parameters: ['port_claims'] });
const PORT_CLAIMS = part(new URL('sh/port-claims.sh', import.meta.url), {
  needs: [STACK, TAKEN_PORTS],
  parameters: ['port_claims'],
});

const MAKE_WAY = part(new URL('sh/make-way.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, STACK],
});

/** `open_login`, `manifest_size` and `room_wanted`: what registries are asked of images. */
export const LOGIN = part(new URL('sh/login.sh', import.meta.url), {
  needs: [ENGINE_IMAGES],
  parameters: ['registry', 'registry_config'],
});

const IMAGE_ROOM = part(new URL('sh/image-room.sh', import.meta.url), { needs: [ENGINE, ENGINE_IMAGES] });

/** Images that were pulled ahead of a deployment. */
const PULLED = part(new URL('sh/pulled.sh', import.meta.url), { needs: [ENGINE_IMAGES, IMAGES] });

const STORE = part(new URL('sh/store.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_IMAGES, IMAGE_ROOM, PULLED],
});

const WAYS = part(new URL('sh/ways.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_NETWORKS, STACK, SURVEYED],
});

/** Replaces the containers of a service one at a time. */
const ROLLING = part(new URL('sh/rolling.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_CONTAINERS, ENGINE_RELEASES, STACK, WAYS],
});

/** Brings a release up and proves it healthy. */
export const BRING_UP = part(new URL('sh/bring-up.sh', import.meta.url), {
  needs: [ENGINE, ENGINE_CONTAINERS, ENGINE_RELEASES, STACK, SURVEYED, STARTING, MAKE_WAY, ROLLING],
  parameters: ['patience'],
});

/** What a node of a cluster knows of its own tasks. */
const TASK_EVIDENCE = part(new URL('sh/task-evidence.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_CONTAINERS],
});

/** Which manager of a cluster changes the project. */
const LEAD = part(new URL('sh/lead.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_LEADS],
  parameters: ['base_project'],
});
/** How one comes to be that. */
export const TAKE_LEAD = part(new URL('sh/take-lead.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_LEADS, LEAD],
});
/** The same for a server by itself. */
export const ALONE_LEAD = part(new URL('sh/server-alone.sh', import.meta.url));

/** What of a release for a cluster runs to its end. */
const ONE_SHOTS = part(new URL('sh/one-shots.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, CONTAINER, SURVEYED, READING, LEAD],
});

/** The services of a project in a cluster, and their tasks. */
const CLUSTER_TASKS = part(new URL('sh/cluster-tasks.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, FOUND_SPECS, SURVEYED, TASK_EVIDENCE, ONE_SHOTS],
});

/** The same as `BRING_UP`, for the services of a cluster. */
export const CLUSTER_UP = part(new URL('sh/cluster-up.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, ENGINE_OBJECTS, ENGINE_SPECS, ENGINE_PUT, CLUSTER_TASKS, STARTING, LEAD],
});

/** The same as `COLOR`, for the services of a cluster. */
const CLUSTER_COLOR = part(new URL('sh/cluster-color.sh', import.meta.url), {
  needs: [ENGINE_CLUSTER, CLUSTER_UP, CLUSTER_TASKS, STARTING, SLOT, FIND_LIVE],
  parameters: ['base_project', 'shared_services'],
});

/** Seconds that Docker's word `unhealthy` must last until it is final. */
export const PATIENCE = 5;

const SERVICE_HASHES = FORMS.lines(/^[a-zA-Z0-9][a-zA-Z0-9._-]* [0-9a-f]{64}$/, 'a service and its hash');

/** What is recorded of releases, and read by the ledger. */
const RECORDS: ResultForms = {
  history: FORMS.text,
  releases: FORMS.text,
  ports: COLOR_PORTS,
};

/** `readOldStack` reads these. */
const OLD_STACK_RESULTS: ResultForms = {
  stacks: FORMS.text,
  stack: FORMS.text,
  stack_images: FORMS.text,
  own_config: FORMS.text,
  own_hashes: SERVICE_HASHES,
  own_broken: FORMS.text,
  original_hashes: SERVICE_HASHES,
  same: FORMS.text,
};

const TASK_IMAGES = FORMS.lines(
  /^[a-zA-Z0-9][\w.-]* sha256:[0-9a-f]{64}(?: [^ ]*)*$/,
  'a service, an image and its references',
);

const INSPECT_RESULTS: ResultForms = {
  ...RECORDS,
  config: FORMS.text,
  stage: FORMS.path,
  old_folder: FORMS.pathOrNone,
  project: FORMS.like(PROJECT, 'a name of a project'),
  all_services: FORMS.serviceLines,
  present: FORMS.lines(/^(?:shared|old|env|there) ./, 'shared, old, env or there and a file'),
  volumes: FORMS.text,
  nets: FORMS.text,
  containers: FORMS.text,
  images: FORMS.text,
  traffic_json: FORMS.text,
  listening: FORMS.lines(/^[0-9A-F]{1,4}$/, 'a port in hexadecimal'),
  claimed: FORMS.lines(/^\d{1,5}$/, 'a port'),
  adopted: FORMS.lines(/^[0-9a-f]{12,64} [0-9a-f]{64}$/, 'an id and a hash'),
  current: FORMS.idOrNone,
  slot_blue: FORMS.idOrNone,
  slot_green: FORMS.idOrNone,
  slot_releases: FORMS.text,
  previous_config: FORMS.text,
  previous_release: FORMS.text,
  values: FORMS.text,
  granted: FORMS.text,
  node: FORMS.text,
  nodes: FORMS.text,
  ipvs: FORMS.flag,
  services: FORMS.text,
  tasks: FORMS.text,
  tasks_blue: FORMS.text,
  tasks_green: FORMS.text,
  service_sums: FORMS.lines(/^[a-zA-Z0-9][\w.-]* [0-9a-f]{64}$/, 'a service and a SHA-256'),
  service_specs: FORMS.text,
  cluster_networks: FORMS.lines(/^[a-z0-9]{25} \S+$/, 'the id and the name of a network'),
  task_images: TASK_IMAGES,
  sums: FORMS.lines(/^[0-9a-f]{64} \d+ \/[^\0-\x1f\x7f]*$/, 'a SHA-256, a size and a file'),
};

const ADOPT = part(new URL('sh/adopt.sh', import.meta.url), {
  needs: [ENGINE_CONTAINERS, ENGINE_RELEASES, ENGINE_IMAGES],
  results: OLD_STACK_RESULTS,
});

/** `look_at_release`: resolves the configuration and looks at the stack and its releases. */
export const RELEASE_LOOK = part(new URL('sh/inspect.sh', import.meta.url), {
  needs: [
    ENGINE,
    ENGINE_CONTAINERS,
    ENGINE_RELEASES,
    ENGINE_NETWORKS,
    ENGINE_IMAGES,
    STACK,
    REQUIREMENTS,
    READING,
    TAKEN_PORTS,
    ADOPT,
    CLUSTER,
    IPVS,
    ENGINE_CLUSTER,
    ENGINE_SPECS,
    FOUND_SPECS,
  ],
  results: INSPECT_RESULTS,
  parameters: [
    'want',
    'cluster',
    'folder',
    'project_given',
    'compose_files',
    'profiles',
    'env_file',
    'adopt',
    'docker_host',
    'port_claims',
    'env_text',
  ],
});

/** Looks at the server and resolves the configuration. */
export const INSPECT = defineInspection({
  name: 'inspect',
  parts: [part(new URL('sh/inspect-release.sh', import.meta.url), { needs: [RELEASE_LOOK] })],
  secrets: ['env_text'],
});

/** Looks at a server that gets tasks of a cluster. */
export const INSPECT_NODE = defineInspection({
  name: 'inspect-node',
  parts: [
    part(new URL('sh/inspect-node.sh', import.meta.url), {
      needs: [ENGINE, ENGINE_FAILURE, CLUSTER, IPVS, ENGINE_SPECS],
      parameters: ['docker_host', 'sources', 'project'],
      results: {
        node: FORMS.text,
        ipvs: FORMS.flag,
        task_images: TASK_IMAGES,
        history: FORMS.text,
        missing: FORMS.lines(/^\/[^\0-\x1f\x7f]*$/, 'an absolute path'),
      },
    }),
  ],
});

const DEPLOY_RESULTS: ResultForms = {
  release: FORMS.id,
  previous: FORMS.idOrNone,
  changed: FORMS.flag,
  restored: FORMS.flag,
  stopped: FORMS.flag,
  changed_services: FORMS.services,
  unhealthy: FORMS.services,
  cause: FORMS.text,
  images: FORMS.images,
  digests: FORMS.images,
};

/** Gets the images of a release, those that colours share too. */
const PULLING = [
  WORK,
  IMAGES,
  part(new URL('sh/pull.sh', import.meta.url), {
    needs: [ENGINE_IMAGES, ENGINE_FAILURE, IMAGE_ROOM, LOGIN, SURVEYED, IMAGES],
    parameters: ['pull', 'pull_timeout', 'min_free_disk', 'min_free_inodes'],
  }),
  part(new URL('sh/shared-images.sh', import.meta.url), { parameters: ['color', 'shared_services'] }),
] as const;

/** What a deployment carries whatever the engine is, and wherever it is sent. */
const FETCHING = [
  ...PULLING,
  LEDGER,
  STORE,
  part(new URL('sh/deploy-steps.sh', import.meta.url), {
    needs: [ENGINE_NETWORKS, ENGINE_IMAGES],
    parameters: ['gates', 'go_deadline'],
  }),
] as const;

/** What it carries where it changes something. */
const DEPLOYING = [
  CONTAINER,
  part(new URL('sh/hooks.sh', import.meta.url), {
    needs: [ENGINE_CONTAINERS, ENGINE_RELEASES],
  }),
  part(BACKUP_READING_SH),
  part(new URL('sh/deploy.sh', import.meta.url), {
    needs: [ENGINE_FAILURE, SURVEYED, STARTING],
    parameters: ['wait_timeout', 'remove_orphans', 'backup'],
    results: DEPLOY_RESULTS,
  }),
] as const;

/** What every program of a deployment is told. */
const DEPLOY_PARAMETERS = [
  'project',
  'base_project',
  'color',
  'release',
  'docker_host',
  'registry',
  'on_failure',
  'keep_releases',
  'migration_reversible',
  'registry_config',
  'shared_services',
] as const;

/** Deploys a release. */
export const DEPLOY = defineProgram({
  name: 'deploy',
  parts: [
    ...FETCHING,
    ...DEPLOYING,
    ALONE_LEAD,
    BRING_UP,
    DEPENDENCIES,
    COLOR,
    part(new URL('sh/check-color.sh', import.meta.url), {
      needs: [ENGINE_CONTAINERS, ENGINE_NETWORKS, PORT_CLAIMS, CHECK_IDLE],
    }),
    part(new URL('sh/deploy-containers.sh', import.meta.url), {
      needs: [ENGINE_CONTAINERS, ENGINE_NETWORKS],
    }),
  ],
  parameters: [...DEPLOY_PARAMETERS, 'port_claims', 'adopt', 'stop_timeout'],
  secrets: ['registry_config'],
});

/** Deploys a release to a cluster, on one of its managers. */
export const DEPLOY_CLUSTER = defineProgram({
  name: 'deploy-cluster',
  parts: [
    ...FETCHING,
    ...DEPLOYING,
    CLUSTER_UP,
    CLUSTER_COLOR,
    TAKE_LEAD,
    part(new URL('sh/deploy-cluster.sh', import.meta.url), {
      needs: [CHECK_IDLE, CLUSTER, ENGINE_CLUSTER, ENGINE_OBJECTS, ENGINE_NETWORKS],
    }),
  ],
  parameters: DEPLOY_PARAMETERS,
  secrets: ['registry_config'],
});

/** Makes another node of the cluster ready for its tasks. */
export const DEPLOY_NODE = defineProgram({
  name: 'deploy-node',
  parts: [
    ...FETCHING,
    part(new URL('sh/deploy-node.sh', import.meta.url), {
      needs: [CLUSTER, TASK_EVIDENCE, SLOT],
      results: {
        release: FORMS.id,
        previous: FORMS.idOrNone,
        changed: FORMS.flag,
        stopped: FORMS.flag,
        images: FORMS.images,
        digests: FORMS.images,
      },
    }),
  ],
  parameters: DEPLOY_PARAMETERS,
  secrets: ['registry_config'],
});

/** Pulls the images of a release ahead of its deployment, whatever the engine is. */
export const PULL = defineProgram({
  name: 'pull',
  parts: [
    ...PULLING,
    PULLED,
    part(new URL('sh/pull-ahead.sh', import.meta.url), {
      needs: [IMAGE_ROOM],
      results: { digests: FORMS.images },
    }),
  ],
  parameters: ['base_project', 'docker_host'],
  secrets: ['registry_config'],
});

/** What `servicesTable` of the compose package has written. */
const SERVICES_TABLE = FORMS.lines(
  /^\d+ (?:long|once) (?:gate|free) \d+ [0-9a-f]{64} \S* [a-zA-Z0-9][a-zA-Z0-9._-]*$/,
  'a service of a release',
);

/** Reads a recorded release. It holds secrets: never log it. */
export const READ_RELEASE = defineInspection({
  name: 'read-release',
  parts: [
    part(new URL('sh/read-release.sh', import.meta.url), {
      results: {
        compose_json: FORMS.text,
        services: SERVICES_TABLE,
        live_only: SERVICES_TABLE,
        ports: COLOR_PORTS,
      },
    }),
  ],
  parameters: ['release'],
});

/** Reads files out of containers. They may be secrets: never log them. */
export const COPY_OUT = defineInspection({
  name: 'copy-out',
  parts: [
    part(new URL('sh/copy-out.sh', import.meta.url), {
      needs: [ENGINE, ENGINE_CONTAINERS],
      results: { 'copy_*': FORMS.text },
    }),
  ],
  parameters: ['docker_host', 'copies'],
});

/** All programs of this package but those of `recorded.ts`, for the checks that each of them must pass. */
export const PROGRAMS = [
  INSPECT,
  INSPECT_NODE,
  DEPLOY,
  DEPLOY_CLUSTER,
  DEPLOY_NODE,
  PULL,
  READ_RELEASE,
  READ_HISTORY,
  COPY_OUT,
];
