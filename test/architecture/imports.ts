import type { Token } from './tokens.ts';

export interface ImportedModule {
  /** What stands in quotes; undefined for `import(expression)`, which nobody can check. */
  readonly specifier: string | undefined;
  readonly line: number;
}

/**
 * Every module that a source names: `import`, `import type`, `export … from`, `import(…)` (also as a type) and
 * `require(…)`. Type-only imports count: a type from above ties the file to what stands above it.
 */
export function findImports(tokens: readonly Token[]): readonly ImportedModule[] {
  const found: ImportedModule[] = [];
  tokens.forEach((token, index) => {
    if (token.kind !== 'word' || tokens[index - 1]?.text === '.') return;
    if (token.text === 'import' || token.text === 'require') {
      const call = calledModule(tokens, index);
      if (call !== undefined) found.push(call);
      else if (token.text === 'import') found.push(...declaredModule(tokens, index));
    } else if (token.text === 'export') {
      found.push(...reexportedModule(tokens, index));
    }
  });
  return found;
}

function calledModule(tokens: readonly Token[], index: number): ImportedModule | undefined {
  if (tokens[index + 1]?.text !== '(') return undefined;
  const argument = tokens[index + 2];
  const literal = argument?.kind === 'string' && [')', ','].includes(tokens[index + 3]?.text ?? '');
  return { specifier: literal ? argument.text : undefined, line: tokens[index]?.line ?? 0 };
}

function declaredModule(tokens: readonly Token[], index: number): readonly ImportedModule[] {
  const next = tokens[index + 1];
  if (next?.text === '.' || next?.text === ':') return []; // import.meta, or a property called import
  if (next?.kind === 'string') return [{ specifier: next.text, line: next.line }];
  return moduleAfterFrom(tokens, index + 1);
}

/** Only `export *`, `export {` and `export type {` can name a module; all else declares something here. */
function reexportedModule(tokens: readonly Token[], index: number): readonly ImportedModule[] {
  const start = tokens[index + 1]?.text === 'type' ? index + 2 : index + 1;
  const first = tokens[start]?.text;
  if (first === '*') return moduleAfterFrom(tokens, start);
  if (first !== '{') return [];
  const end = tokens.findIndex(
    (token, at) => at > start && token.kind === 'punctuation' && token.text === '}',
  );
  return tokens[end + 1]?.text === 'from' ? moduleAfterFrom(tokens, end + 1) : [];
}

function moduleAfterFrom(tokens: readonly Token[], start: number): readonly ImportedModule[] {
  for (let at = start; at < tokens.length; at += 1) {
    const token = tokens[at];
    const next = tokens[at + 1];
    if (token?.kind === 'word' && token.text === 'from' && next?.kind === 'string') {
      return [{ specifier: next.text, line: next.line }];
    }
    if (token?.text === ';') return [];
  }
  return [];
}
