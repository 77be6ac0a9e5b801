import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { main } from '@deploy-actions/runner';
import { fields, outputs } from './fields.ts';

main({
  name: 'ghcr-verify-image',
  fields,
  outputs,
  async run(inputs, ports) {
    const { openHttp } = await import('@deploy-actions/http');
    const { verifyImages } = await import('./ghcr-verify-image.ts');
    const { workflow, redactor } = ports;
    const http = openHttp({ env: process.env, redactor });
    try {
      return await verifyImages(inputs, {
        ...ports,
        http,
        readText: (path) => readFile(resolve(workflow.workspace, path), 'utf8'),
        async writeReport(json) {
          const path = join(workflow.temp, `ghcr-verify-image-${randomUUID()}.json`);
          await writeFile(path, redactor.redact(json), { mode: 0o600, flag: 'wx' });
          return path;
        },
      });
    } finally {
      await http.close();
    }
  },
});
