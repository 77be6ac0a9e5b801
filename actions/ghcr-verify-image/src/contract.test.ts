import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseImages } from '@deploy-actions/compose';
import { type Schema, validateSchema } from '@deploy-actions/document';
import { putImage, startRegistry } from './testing/registry-stub.ts';
import { leadTo, runVerify } from './testing/verify-fixture.ts';

test('ssh-compose-deploy takes `images` and `digests` as they are, and both conform to the schema', async () => {
  const schema = JSON.parse(
    readFileSync(join(__dirname, '../../../packages/compose/schema/images.schema.json'), 'utf8'),
  ) as Schema;
  const registry = await startRegistry();
  try {
    for (const repository of ['acme/shop', 'library/nginx', 'acme/team/web'])
      putImage(registry, repository, '1');
    const run = await runVerify({
      inputs: {
        images: `backend,worker=ghcr.io/acme/shop:1\nproxy=nginx:1\nweb.1=${registry.host}/acme/team/web:1`,
      },
      http: leadTo(registry.host, ['ghcr.io', 'registry-1.docker.io', 'auth.docker.io']),
    });
    expect(run.failure?.message).toBeUndefined();
    for (const name of ['images', 'digests'] as const) {
      const value = run.outputs[name] as Record<string, string>;
      expect(await validateSchema(schema, value)).toEqual([]);
      expect(Object.fromEntries(parseImages(JSON.stringify(value)))).toEqual(value);
      expect(Object.keys(value)).toEqual(['backend', 'worker', 'proxy', 'web.1']);
    }
    expect((run.outputs['images'] as Record<string, string>)['proxy']).toMatch(
      /^docker\.io\/library\/nginx@sha256:/,
    );
  } finally {
    await registry.close();
  }
});
