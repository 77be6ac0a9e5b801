import { LabRefusal, checkLab, openLab } from '@deploy-actions/lab';
import { UsageError } from './usage-error.ts';

/** `npm run lab [-- hosts]`: opens a lab, says how to look at it, and leaves it up until Ctrl-C. */
export async function run(args: string[]): Promise<number> {
  const hosts = Number(args[0] ?? '1');
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > 5)
    throw new UsageError('npm run lab -- N: from 1 to 5 servers');
  try {
    await checkLab();
    const lab = await openLab({ hosts, progress: (line) => console.log(line) });
    try {
      console.log(`\nregistry   ${lab.registry.url}`);
      for (const host of lab.hosts) {
        console.log(`${host.name.padEnd(10)} ${lab.sshCommand(host)}`);
        console.log(`${''.padEnd(10)} port 80 is ${host.url(80)}, port 8080 is ${host.url(8080)}`);
      }
      console.log('\nCtrl-C removes it all.');
      await interrupted();
      console.log('removing the lab');
    } finally {
      await lab.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof LabRefusal) throw new UsageError(error.message);
    throw error;
  }
}

/** Resolves at SIGINT or SIGTERM. */
function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    // A waiting signal handler alone does not keep the process alive.
    const alive = setInterval(() => {}, 60_000);
    const done = () => {
      clearInterval(alive);
      resolve();
    };
    process.once('SIGINT', done);
    process.once('SIGTERM', done);
  });
}
