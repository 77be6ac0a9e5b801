import { post } from '@deploy-actions/runner';
import { fields } from './fields.ts';

post({
  name: 'ssh-compose-deploy',
  fields,
  async run(inputs, ports, state) {
    // Nothing was started, or main saw the end itself.
    if (state('runs') === '' || state('ended') === 'true') return;
    const { afterCancellation } = await import('./after-cancellation.ts');
    await afterCancellation(inputs, ports, state('runs'));
  },
});
