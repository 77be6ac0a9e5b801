/**
 * Reads a file that an action wrote for GITHUB_OUTPUT, GITHUB_STATE or GITHUB_ENV: `name=value` lines, and
 * `name<<delimiter` … `delimiter` for several lines. A line that is neither makes the real runner fail the
 * step, so it is an error here too. Source: actions/runner `FileCommandManager.cs`.
 */
export function parseCommandFile(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index]!;
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values[line.slice(0, equals)] = line.slice(equals + 1);
    } else if (heredoc > 0) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, index + 1);
      if (delimiter === '' || end < 0)
        throw new Error(`no end "${delimiter}" of the value that "${line}" begins`);
      values[line.slice(0, heredoc)] = lines.slice(index + 1, end).join('\n');
      index = end;
    } else {
      throw new Error(`"${line}" is no name=value line of a command file`);
    }
  }
  return values;
}

export interface Annotation {
  level: 'error' | 'warning' | 'notice' | 'debug';
  message: string;
  title?: string;
  file?: string;
  line?: number;
  column?: number;
}

/** A `::name key=value::data` line as the runner reads it; undefined for any other line. */
export function parseCommand(
  line: string,
): { name: string; properties: Record<string, string>; data: string } | undefined {
  const match = /^\s*::([a-z-]+)(?: ([^\n]*?))?::(.*)$/s.exec(line);
  if (!match) return undefined;
  const properties: Record<string, string> = {};
  for (const pair of (match[2] ?? '').split(',')) {
    const at = pair.indexOf('=');
    if (at > 0) {
      properties[pair.slice(0, at).trim()] = unescapeData(pair.slice(at + 1))
        .replace(/%3A/gi, ':')
        .replace(/%2C/gi, ',')
        .replace(/%25/g, '%');
    }
  }
  return { name: match[1]!, properties, data: unescapeData(match[3]!).replace(/%25/g, '%') };
}

function unescapeData(text: string): string {
  return text.replace(/%0D/gi, '\r').replace(/%0A/gi, '\n');
}

/** The annotations among the lines of a log, in their order. */
export function readAnnotations(log: string): Annotation[] {
  const annotations: Annotation[] = [];
  for (const line of log.split('\n')) {
    const command = parseCommand(line);
    if (!command || !/^(error|warning|notice|debug)$/.test(command.name)) continue;
    const { title, file, line: row, col } = command.properties;
    annotations.push({
      level: command.name as Annotation['level'],
      message: command.data,
      ...(title === undefined ? {} : { title }),
      ...(file === undefined ? {} : { file }),
      ...(row === undefined ? {} : { line: Number(row) }),
      ...(col === undefined ? {} : { column: Number(col) }),
    });
  }
  return annotations;
}
