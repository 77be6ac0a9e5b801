import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { main, writeReport } from '@deploy-actions/runner';
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
        writeReport: (json) => writeReport(workflow, 'ghcr-verify-image', json),
      });
    } finally {
      await http.close();
    }
  },
});
