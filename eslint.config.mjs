import js from '@eslint/js';
import importX, { createNodeResolver } from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';
import { house } from './packages/tooling/lint/house.mjs';

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      '.cache/**',
      'coverage/**',
      'out/**',
      '**/fixtures/**',
      'test/lab/app/**',
    ],
  },
  js.configs.recommended,
  {
    plugins: { 'import-x': importX, house },
    settings: {
      'import-x/resolver-next': [createNodeResolver({ extensions: ['.ts', '.mjs', '.js', '.json'] })],
      'import-x/extensions': ['.ts', '.mjs', '.js'],
    },
    rules: {
      'house/arrows': 'error',
      'house/file-name': 'error',
      'house/no-cycle': 'error',
      'import-x/no-duplicates': 'error',
      'import-x/first': 'error',
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ExportDefaultDeclaration',
          message: 'No default exports: a name is the same everywhere.',
        },
        {
          selector: 'ExportSpecifier[exported.name="default"]',
          message: 'No default exports: a name is the same everywhere.',
        },
      ],
      eqeqeq: 'error',
      // Control characters are what the escaping of untrusted text is about.
      'no-control-regex': 'off',
      'no-empty': ['error', { allowEmptyCatch: false }],
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strict],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
      '@typescript-eslint/return-await': ['error', 'error-handling-correctness-only'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      // An index that was just checked is known to be there, which noUncheckedIndexedAccess cannot see.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      '@typescript-eslint/no-empty-function': 'off',
      // `import { type X }` is kept as `import 'x'` and would load the module; `import type { X }` is not.
      '@typescript-eslint/no-import-type-side-effects': 'error',
      // The type checker sees undefined names better.
      'no-undef': 'off',
    },
  },
  {
    files: ['actions/*/src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: ['packages/{runner,tooling,lab}/**', '**/*.test.ts', '**/*.test.itg.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['actions/*/src/**/*.ts', 'packages/*/src/**/*.ts'],
    ignores: ['**/*.test.ts', '**/*.test.itg.ts'],
    rules: { 'max-lines': ['error', { max: 450, skipBlankLines: true, skipComments: true }] },
  },
  {
    files: ['**/*.mjs', '**/*.cjs', '**/*.js'],
    languageOptions: {
      globals: Object.fromEntries(
        [
          'process',
          'console',
          'setTimeout',
          'clearTimeout',
          'setInterval',
          'clearInterval',
          'require',
          'module',
          'exports',
          'URL',
          'Buffer',
          'fetch',
          'AbortSignal',
          '__dirname',
        ].map((name) => [name, 'readonly']),
      ),
    },
  },
  { files: ['*.config.mjs'], rules: { 'no-restricted-syntax': 'off' } },
);
