import { FieldError, quote } from '@deploy-actions/kit';

/** What an image runs on, normalized: `arm64` has no variant, `arm` always has one. */
export interface Platform {
  os: string;
  architecture: string;
  variant: string | undefined;
}

const ARCHITECTURES: Record<string, [architecture: string, variant?: string]> = {
  x86_64: ['amd64'],
  'x86-64': ['amd64'],
  aarch64: ['arm64'],
  i386: ['386'],
  i486: ['386'],
  i586: ['386'],
  i686: ['386'],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};

/** The same platform in one spelling, by the rules of containerd's `platforms` package. */
export function normalizePlatform(os: string, architecture: string, variant?: string): Platform {
  const arch = architecture.toLowerCase();
  const [name, implied] = ARCHITECTURES[arch] ?? [arch];
  const level = (variant ?? implied ?? '').toLowerCase();
  const numbered = /^\d$/.test(level) ? `v${level}` : level;
  return {
    os: os.toLowerCase() === 'macos' ? 'darwin' : os.toLowerCase(),
    architecture: name,
    variant:
      name === 'arm64' && numbered === 'v8'
        ? undefined
        : name === 'amd64' && numbered === 'v1'
          ? undefined
          : name === 'arm' && numbered === ''
            ? 'v7'
            : numbered || undefined,
  };
}

/** `os/architecture[/variant]`, such as `linux/arm/v7`. Throws FieldError. */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  if (parts.length < 2 || parts.length > 3 || !parts.every((part) => /^[A-Za-z0-9_.-]+$/.test(part))) {
    throw new FieldError(`${quote(text)} is not a platform`, {
      remedy: 'Write it such as linux/amd64 or linux/arm/v7.',
    });
  }
  return normalizePlatform(parts[0]!, parts[1]!, parts[2]);
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter(Boolean).join('/');
}

export function samePlatform(a: Platform, b: Platform): boolean {
  return formatPlatform(a) === formatPlatform(b);
}
