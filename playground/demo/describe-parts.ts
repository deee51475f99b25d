/**
 * Of what `kubectl describe` prints, the named parts of the status, and the events. A part is its heading and all that is
 * indented below it.
 */
export function describeParts(described: string, names: readonly string[]): string {
  const kept: string[] = [];
  let until: number | undefined;
  let isStatus = false;
  for (const line of described.trimEnd().split('\n')) {
    const indent = line.search(/\S/);
    if (until !== undefined && indent <= until) until = undefined;
    const heading = line.trim().split(':', 1)[0] ?? '';
    if (indent === 0) isStatus = heading === 'Status';
    const isPart = indent === 0 ? heading === 'Events' : isStatus && indent === 2 && names.includes(heading);
    if (until === undefined && isPart) until = indent;
    if (until !== undefined) kept.push(line);
  }
  return kept.join('\n');
}
