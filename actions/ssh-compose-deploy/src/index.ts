import { main } from '@deploy-actions/runner';
import { openSession } from '@deploy-actions/shell';
import { fields, outputs } from './fields.ts';

main({
  name: 'ssh-compose-deploy',
  fields,
  outputs,
  async run(inputs, ports) {
    const { deploy } = await import('./ssh-compose-deploy.ts');
    return await deploy(inputs, { ...ports, connect: (server) => openSession(server, ports) });
  },
  async post(inputs, ports, state) {
    const { afterDeploy } = await import('./post.ts');
    await afterDeploy(inputs, { ...ports, connect: (server) => openSession(server, ports) }, state);
  },
});
