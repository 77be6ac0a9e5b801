import {
  type ComposeModel,
  type Port,
  type ReleaseService,
  type SentTree,
  dependenciesOf,
  joinedBy,
  restartedWith,
} from '@deploy-actions/compose';
import { Failure } from '@deploy-actions/kit';

/** Lines of a service and, in starting order, all that it needs. */
export function needsTable(model: ComposeModel): string {
  return Object.keys(model.services)
    .map((name) => `${[name, ...dependenciesOf(model, [name])].join(' ')}\n`)
    .join('');
}

/** Lines of a service and those of what it needs whose recreation restarts it (`restart: true` in `depends_on`). */
export function restartsTable(model: ComposeModel): string {
  return Object.entries(model.services)
    .map(([name, service]) => [name, ...restartedWith(service)])
    .filter((line) => line.length > 1)
    .map((line) => `${line.join(' ')}\n`)
    .join('');
}

/** Names of services whose containers are in the namespaces of others' (`network_mode: service:NAME`). */
export function joinsTable(model: ComposeModel): string {
  return Object.entries(model.services)
    .filter(([, service]) => joinedBy(service).length > 0)
    .map(([name]) => `${name}\n`)
    .join('');
}

/**
 * Lines of a service and what no two containers can have: `port NUMBER/PROTOCOL ADDRESS` (`*` for all), `name NAME`,
 * `address ADDRESS`.
 */
export function holdsTable(model: ComposeModel): string {
  return Object.entries(model.services)
    .flatMap(([name, { ports = [], container_name: own, networks = {} }]) =>
      [
        ...ports.flatMap((port) =>
          numbersOf(port).map((number) => `port ${number}/${port.protocol ?? 'tcp'} ${port.host_ip || '*'}`),
        ),
        ...(own === undefined ? [] : [`name ${own}`]),
        ...Object.values(networks).flatMap((attachment) =>
          [attachment?.['ipv4_address'], attachment?.['ipv6_address']].flatMap((address) =>
            typeof address === 'string' ? [`address ${address}`] : [],
          ),
        ),
      ].map((what) => `${name} ${what}\n`),
    )
    .join('');
}

/** The ports of the server that one line of `ports` publishes to; none where any free one will do. */
function numbersOf({ published }: Port): number[] {
  const [first, last = first] = String(published ?? '')
    .split('-')
    .map(Number);
  if (first === undefined || last === undefined || !(first > 0) || !(last >= first)) return [];
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

/** Each image once; those that only services of `held` have are never pulled. */
export function pullList(services: readonly ReleaseService[], held: ReadonlySet<string>): string {
  const pulled = services.filter(({ name }) => !held.has(name));
  return [...new Set(pulled.map((one) => `${one.image}\n`))].join('');
}

/** Lines of sha256, mode, path in the tree and path among the files of the run, with tabs between. */
export function treesTable(trees: readonly SentTree[], stageName: string): string {
  let table = '';
  for (const tree of trees) {
    for (const file of tree.files) {
      if (/[\t\n]/.test(file.path)) {
        throw new Failure('input', `the name of ${JSON.stringify(file.path)} has a tab or a newline in it`, {
          input: 'files',
        });
      }
      const inTree = `${tree.name}${file.path.slice(tree.path.length)}`;
      table += `${tree.sha256}\t${file.executable ? '0755' : '0644'}\t${inTree}\t${stageName}/${file.path}\n`;
    }
  }
  return table;
}
