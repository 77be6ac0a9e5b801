import { expect } from '@jest/globals';
import { SITES, served, step } from './color-rig.ts';
import { byHand, testSwitching } from './switch-kinds.ts';

testSwitching('caddy', (subject) => ({
  before(test) {
    test('without sudo install names the commands; when an administrator has run them, it needs nobody', async () => {
      const { file, text } = SITES.caddy;
      await subject.host.sh('mv /etc/sudoers.d /etc/sudoers.away');
      const options = { ...subject.inputs, install: 'true', 'site-config': file };
      const refused = await step('blue-green-switch', options);
      const commands = byHand(refused.shown);
      await subject.host.sh(commands);
      // Caddy is reloaded by whoever asks, so the action does that itself.
      const installed = await step('blue-green-switch', options);
      await subject.host.sh('mv /etc/sudoers.away /etc/sudoers.d');
      expect(installed.exitCode).toBe(0);
      expect((await served(subject.host)).color).toBe('blue');
      await subject.host.sh('rm -rf /var/lib/deploy-actions /srv/deploy/shop/.deploy/proxy.json');
      await subject.host.write(file, text, { mode: '0644', owner: 'root' });
      await subject.host.sh(`caddy reload --config ${file}`);
    });
  },
}));
