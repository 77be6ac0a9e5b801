import { type Version, parseVersion } from '@deploy-actions/github';
import { Failure, quote } from '@deploy-actions/kit';
import { type Values, fillPattern } from './placeholders.ts';
import type { Source } from './version-source.ts';

export interface VersionRule {
  from: readonly Source[];
  input: string | undefined;
  pattern: string;
  semver: 'off' | 'prefer' | 'require';
}

export interface ChosenVersion {
  text: string;
  source: Source;
  /** Undefined where it is none by SemVer. */
  semantic: Version | undefined;
  /** What was passed over and why, as sentences. */
  passed: readonly string[];
}

/**
 * What a version may be made of. A tag may hold far more, `$(…)` and quotes too, and a version goes into scripts, names of
 * images and paths.
 */
const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+/@-]{0,127}$/;

/** Chooses the version: the first source that is there, and with `semver` the first that is one. Throws Failure. */
export function chooseVersion(rule: VersionRule, releaseTag: string, values: Values): ChosenVersion {
  const passed: string[] = [];
  const found: Record<Source, () => string> = {
    release: () => releaseTag,
    tag: () => values['tag'] ?? '',
    input: () => rule.input ?? '',
    timestamp: () => fillPattern(rule.pattern, values),
  };
  for (const source of rule.from) {
    const text = found[source]();
    if (text === '') continue;
    if (!VERSION.test(text))
      throw new Failure(
        'input',
        `the version ${quote(text)} (${NAMES[source]}) holds what a version must not`,
        {
          input: source === 'input' ? 'version' : undefined,
          remedy:
            'A version is up to 128 letters, digits and . _ + / @ -, and begins with a letter or digit.',
        },
      );
    const semantic = parseVersion(text);
    if (rule.semver === 'off' || semantic) return { text, source, semantic, passed };
    const sentence = `${quote(text)} (${NAMES[source]}) is no version by SemVer 2.0.0`;
    if (rule.semver === 'require')
      throw new Failure('input', sentence, {
        input: source === 'input' ? 'version' : undefined,
        remedy:
          'Write it such as 1.4.2, v1.4.2 or 2.0.0-rc.1; `semver: prefer` takes what comes next instead.',
      });
    passed.push(sentence);
    // A pattern is what is left when nothing is one.
    if (source === 'timestamp') return { text, source, semantic, passed: passed.slice(0, -1) };
  }
  throw new Failure(
    'input',
    `there is no version: ${passed[0] ?? `nothing of \`version-from\` (${rule.from.join(', ')}) is there`}`,
    {
      input: 'version-from',
      remedy: 'Give `version`, or add `timestamp` to `version-from`.',
    },
  );
}

const NAMES: Record<Source, string> = {
  release: 'the tag of the release',
  tag: 'the tag',
  input: 'input `version`',
  timestamp: 'input `version-pattern`',
};
