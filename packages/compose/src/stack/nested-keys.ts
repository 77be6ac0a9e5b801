import { type Rows, harmless, mapped, oneOf, refused, same } from './row.ts';

const UNKNOWN = 'is not in the format that `docker stack deploy` reads';
const DROPPED = 'is read by `docker stack deploy`, and nothing is done with it';

/** The keys of what stands inside of a service. */
export const NESTED_KEYS = {
  'services.*.depends_on.*': {
    condition: mapped('is kept by the deployment'),
    required: harmless('is decided: what it names is here, or it is not needed'),
    restart: mapped('is left out, and told: Swarm starts no service anew because another one was replaced'),
  },
  'services.*.deploy': {
    endpoint_mode: mapped('stands there; without it `dnsrr`, as Compose does, where no port is on the mesh'),
    labels: same,
    mode: mapped('stands there; jobs are refused, since Swarm repeats them: `one-shot` names what runs once'),
    placement: mapped('stands there'),
    replicas: mapped('stands there'),
    resources: mapped('stands there'),
    restart_policy: mapped('stands there, and counts more than `restart`'),
    rollback_config: same,
    update_config: mapped(
      'stands there, with failure_action: pause, since the deployment itself brings back the release before',
    ),
  },
  'services.*.deploy.placement': {
    constraints: mapped('stands there'),
    max_replicas_per_node: same,
    preferences: same,
  },
  'services.*.deploy.resources': { limits: mapped('stands there'), reservations: mapped('stands there') },
  'services.*.deploy.resources.limits': {
    cpus: mapped('stands there as a text'),
    memory: mapped('stands there as a text'),
    pids: mapped('stands there'),
  },
  'services.*.deploy.resources.reservations': {
    cpus: mapped('stands there as a text'),
    devices: refused(UNKNOWN, 'Say generic_resources, or keep the service on a server of its own'),
    generic_resources: same,
    memory: mapped('stands there as a text'),
    pids: refused(UNKNOWN, 'Leave it out'),
  },
  'services.*.deploy.restart_policy': { condition: same, delay: same, max_attempts: same, window: same },
  'services.*.deploy.update_config': {
    delay: same,
    failure_action: mapped('is `pause`'),
    max_failure_ratio: same,
    monitor: same,
    order: mapped('stands there; without it start-first where two may run at once, else stop-first'),
    parallelism: same,
  },
  'services.*.healthcheck': {
    disable: mapped('stands there alone'),
    interval: same,
    retries: same,
    start_interval: same,
    start_period: same,
    test: same,
    timeout: same,
  },
  'services.*.logging': { driver: same, options: same },
  'services.*.networks.*': {
    aliases: same,
    driver_opts: refused(
      'is not in the format that `docker stack deploy` reads before Docker 28',
      'Leave it out',
    ),
    gw_priority: refused(UNKNOWN, 'Leave it out', oneOf(0)),
    interface_name: refused(UNKNOWN, 'Leave it out'),
    ipv4_address: refused(
      DROPPED,
      'Leave it out: each task has an address of its own, and the service its name',
    ),
    ipv6_address: refused(
      DROPPED,
      'Leave it out: each task has an address of its own, and the service its name',
    ),
    link_local_ips: refused(UNKNOWN, 'Leave it out'),
    mac_address: refused(UNKNOWN, 'Leave it out'),
    priority: refused(UNKNOWN, 'Leave it out', oneOf(0)),
  },
  'services.*.ports.*': {
    app_protocol: harmless('is a word to whoever reads the file'),
    host_ip: mapped(
      'is left out where it means every address; else it is refused, since a stack opens the port on every address of every node',
    ),
    mode: mapped('stands there'),
    name: harmless('is a word to whoever reads the file'),
    protocol: same,
    published: mapped('stands there as a number; a range is refused'),
    target: same,
  },
  'services.*.volumes.*': {
    bind: mapped('stands there'),
    cluster: refused(
      'is of storage plug-ins, which this does not know',
      'Use a volume with a driver that all nodes have',
    ),
    consistency: harmless('means nothing on Linux'),
    image: refused('is not known to `docker stack deploy` before Docker 28', 'Put the files into the image'),
    read_only: same,
    source: mapped('stands there'),
    target: same,
    tmpfs: mapped('stands there'),
    type: mapped('stands there: volume, bind or tmpfs'),
    volume: mapped('stands there'),
  },
  'services.*.volumes.*.bind': {
    create_host_path: harmless(
      'is done by nobody in a stack: the deployment looks on every node whether the source is there',
    ),
    propagation: same,
    recursive: refused(DROPPED, 'Leave it out'),
    selinux: refused(DROPPED, 'Label the folder on each node (chcon), and leave it out'),
  },
  'services.*.volumes.*.tmpfs': {
    mode: refused(DROPPED, 'Leave it out: it is 1777', (value) => Number(value) === 0o1777),
    size: mapped('stands there as a number'),
  },
  'services.*.volumes.*.volume': {
    labels: refused(DROPPED, 'Say them under the top-level volumes'),
    nocopy: same,
    subpath: refused('is not known to `docker stack deploy` before Docker 27', 'Mount the whole volume'),
  },
  'services.*.configs.*': {
    gid: same,
    mode: mapped('stands there as a number'),
    source: mapped('stands there'),
    target: same,
    uid: same,
  },
  'services.*.secrets.*': {
    gid: same,
    mode: mapped('stands there as a number'),
    source: mapped('stands there'),
    target: same,
    uid: same,
  },
} satisfies Readonly<Record<string, Rows>>;

/** The keys of the file itself, and of what its services use. */
export const RESOURCE_KEYS = {
  '': {
    configs: mapped('becomes configs that are made before, under names that carry the hash of their content'),
    include: refused('was not followed when the file was resolved', 'Write out what it names'),
    models: refused(UNKNOWN, 'Keep the services that use it on a server of their own'),
    name: mapped('is the name of the stack'),
    networks: mapped('stands there'),
    secrets: mapped('becomes secrets that are made before, under names that carry the hash of their content'),
    services: mapped('stands there'),
    version: harmless('means nothing to Compose either'),
    volumes: mapped('stands there'),
  },
  'configs.*': {
    content: mapped('is made before'),
    environment: refused('was given no value', 'Give the variable a value in `env`'),
    external: mapped('stands there'),
    file: mapped('is made before'),
    labels: refused('is not given to what is made before', 'Leave it out'),
    name: mapped('stands there, followed by the hash of the content'),
    template_driver: refused('is not known to Compose on one server', 'Write the values into the file'),
  },
  'secrets.*': {
    content: mapped('is made before'),
    driver: refused('is not known to Compose on one server', 'Take the value from a file or a variable'),
    driver_opts: refused('is not known to Compose on one server', 'Take the value from a file or a variable'),
    environment: refused('was given no value', 'Give the variable a value in `env`'),
    external: mapped('stands there'),
    file: mapped('is made before'),
    labels: refused('is not given to what is made before', 'Leave it out'),
    name: mapped('stands there, followed by the hash of the content'),
    template_driver: refused('is not known to Compose on one server', 'Write the values into the file'),
  },
  'networks.*': {
    attachable: harmless(
      'is true in any case: one-shots, migrations and proxies on the nodes join the network',
    ),
    driver: mapped('`bridge` becomes `overlay`, the network of several nodes; others are refused'),
    driver_opts: mapped('stands there; options of a bridge are refused'),
    enable_ipv4: refused(UNKNOWN, 'Leave it out', oneOf(true)),
    enable_ipv6: refused(
      UNKNOWN,
      'Leave it out, or make the network by `docker network create` and name it as external',
    ),
    external: same,
    internal: same,
    ipam: mapped('stands there with its subnets'),
    labels: same,
    name: same,
  },
  'networks.*.ipam': {
    config: mapped('stands there'),
    driver: refused('is asked for on every node', 'Leave it out', oneOf('default', '')),
    options: refused(UNKNOWN, 'Leave it out'),
  },
  'networks.*.ipam.config.*': {
    aux_addresses: refused(UNKNOWN, 'Leave it out'),
    gateway: refused(UNKNOWN, 'Leave it out: no container of an overlay uses its gateway'),
    ip_range: refused(UNKNOWN, 'Say the smaller subnet'),
    subnet: same,
  },
  'volumes.*': { driver: same, driver_opts: same, external: same, labels: same, name: same },
} satisfies Readonly<Record<string, Rows>>;
