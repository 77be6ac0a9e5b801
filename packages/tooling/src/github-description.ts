// Cuts the calls that packages/github makes out of GitHub's own OpenAPI description: the stub of the tests is held against it.
//   npm pack @octokit/openapi && tar xzf octokit-openapi-*.tgz package/package.json package/generated/api.github.com.json
//   node packages/tooling/src/github-description.ts package
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findRoot } from './root.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Fields = { [key: string]: Json };

/** The calls of GitHub's API that the sources of packages/github name, such as `GET /repos/{owner}/{repo}/commits`. */
export function routesOf(root: string): string[] {
  const folder = join(root, 'packages/github/src');
  const routes = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) => [
      ...readFileSync(join(folder, name), 'utf8').matchAll(/'((?:GET|POST|PATCH|PUT|DELETE) \/[^']+)'/g),
    ])
    .map((match) => match[1]!);
  return [...new Set(routes)].sort();
}

/** Parts that explain and do not describe. */
const TALK = new Set([
  'description',
  'summary',
  'example',
  'examples',
  'externalDocs',
  'tags',
  'deprecated',
  'title',
]);

/**
 * The description of these calls alone, with everything that they refer to. Throws when one is not described.
 */
export function cutDescription(whole: Fields, routes: readonly string[], source: string): Fields {
  const paths: Fields = {};
  for (const route of routes) {
    const [method = '', path = ''] = route.split(' ');
    const operation = (whole['paths'] as Fields)[path] as Fields | undefined;
    const described = operation?.[method.toLowerCase()];
    if (described === undefined) throw new Error(`GitHub describes no ${route}`);
    paths[path] = { ...(paths[path] as Fields | undefined), [method.toLowerCase()]: plain(described, false) };
  }
  const components: Fields = {};
  const take = (value: Json): void => {
    if (Array.isArray(value)) return value.forEach(take);
    if (typeof value !== 'object' || value === null) return;
    const reference = value['$ref'];
    if (typeof reference === 'string') {
      const [, , kind = '', name = ''] = reference.split('/');
      const group = (components[kind] ??= {}) as Fields;
      if (name in group) return;
      group[name] = plain(((whole['components'] as Fields)[kind] as Fields)[name]!, false);
      return take(group[name]);
    }
    Object.values(value).forEach(take);
  };
  take(paths);
  return {
    openapi: whole['openapi']!,
    info: { title: 'GitHub REST API', version: source },
    paths,
    components,
  };
}

/** A part without what only explains; `named` where keys are names of the user's own, such as properties. */
function plain(value: Json, named: boolean): Json {
  if (Array.isArray(value)) return value.map((one) => plain(one, false));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => named || !(TALK.has(key) || key.startsWith('x-')))
      .map(([key, one]) => [key, plain(one, !named && (key === 'properties' || key === 'responses'))]),
  );
}

/** One line for each path and component, so that a difference shows what GitHub changed. */
export function writeDescription(description: Fields): string {
  const group = (fields: Fields) =>
    `{\n${Object.keys(fields)
      .sort()
      .map((key) => `${JSON.stringify(key)}: ${JSON.stringify(fields[key])}`)
      .join(',\n')}\n}`;
  const components = Object.entries(description['components'] as Fields).map(
    ([kind, fields]) => `${JSON.stringify(kind)}: ${group(fields as Fields)}`,
  );
  return [
    `{\n"openapi": ${JSON.stringify(description['openapi'])},`,
    `"info": ${JSON.stringify(description['info'])},`,
    `"paths": ${group(description['paths'] as Fields)},`,
    `"components": {\n${components.join(',\n')}\n}\n}\n`,
  ].join('\n');
}

/** Where the cut description is kept. */
export const GITHUB_DESCRIPTION = 'packages/github/src/testing/fixtures/github-openapi.json';

if (process.argv[1] === import.meta.filename) {
  const folder = process.argv[2];
  if (folder === undefined) throw new Error('name the folder of @octokit/openapi');
  const root = findRoot();
  const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
  const whole = JSON.parse(readFileSync(join(folder, 'generated/api.github.com.json'), 'utf8')) as Fields;
  const source = `cut from generated/api.github.com.json of @octokit/openapi ${version} (MIT, Copyright (c) 2020 Octokit contributors)`;
  const text = writeDescription(cutDescription(whole, routesOf(root), source));
  writeFileSync(join(root, GITHUB_DESCRIPTION), text);
  console.log(`${GITHUB_DESCRIPTION}: ${routesOf(root).length} calls, ${Math.round(text.length / 1000)} kB`);
}
