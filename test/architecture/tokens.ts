/**
 * A small tokenizer for TypeScript sources: enough to tell code from comments, strings, templates and regular
 * expressions, so that the architecture test judges what a file does and not what its comments talk about.
 */
export interface Token {
  readonly kind: 'word' | 'number' | 'string' | 'regex' | 'punctuation';
  /** The source text; for a string its content without quotes (escapes left as they are). */
  readonly text: string;
  readonly line: number;
}

const SKIPPED = /(?:\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const SHEBANG = /^#![^\n]*/;
const WORD = /[#\p{ID_Start}$_][\p{ID_Continue}$]*/uy;
const NUMBER = /\d[\w.]*/y;
const STRING = /'(?:[^'\\\n]|\\[\s\S])*'|"(?:[^"\\\n]|\\[\s\S])*"/y;
const REGEX = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const PUNCTUATION = /[^]/uy;

/** After these a slash starts a regular expression; after any other word it divides. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'of',
  'in',
  'else',
  'yield',
  'await',
  'throw',
  'new',
]);

function startsRegex(previous: Token | undefined): boolean {
  if (previous === undefined) return true;
  if (previous.kind === 'word') return BEFORE_REGEX.has(previous.text);
  return previous.kind === 'punctuation' && !')]}'.includes(previous.text);
}

class Scanner {
  readonly tokens: Token[] = [];
  private position: number;
  private lastLine = 1;
  private lastOffset = 0;
  /** Open `${` of templates, each with the number of braces opened inside it. */
  private readonly templateBraces: number[] = [];
  private readonly source: string;

  constructor(source: string) {
    this.source = source;
    this.position = SHEBANG.exec(source)?.[0].length ?? 0;
  }

  run(): readonly Token[] {
    while ((this.skip(), this.position < this.source.length)) this.next();
    if (this.templateBraces.length > 0) throw this.unreadable('a template that is never closed');
    return this.tokens;
  }

  private next(): void {
    const char = this.source.charAt(this.position);
    if (char === '`') {
      this.position += 1;
      this.template();
    } else if (char === "'" || char === '"') {
      const quoted = this.match(STRING);
      if (quoted === undefined) throw this.unreadable('a string that is never closed');
      this.push('string', quoted.slice(1, -1));
    } else if (char === '/' && startsRegex(this.tokens.at(-1))) {
      const regex = this.match(REGEX);
      if (regex === undefined) throw this.unreadable('a regular expression that is never closed');
      this.push('regex', regex);
    } else {
      this.plain();
    }
  }

  private plain(): void {
    const word = this.match(WORD);
    if (word !== undefined) return this.push('word', word);
    const number = this.match(NUMBER);
    if (number !== undefined) return this.push('number', number);
    const sign = this.match(PUNCTUATION) ?? '';
    const open = this.templateBraces.at(-1);
    if (sign === '}' && open === 0) {
      this.templateBraces.pop();
      return this.template();
    }
    if (open !== undefined && (sign === '{' || sign === '}')) {
      this.templateBraces[this.templateBraces.length - 1] = open + (sign === '{' ? 1 : -1);
    }
    return this.push('punctuation', sign);
  }

  private template(): void {
    const part = this.match(TEMPLATE_PART);
    if (part === undefined) throw this.unreadable('a template that is never closed');
    this.push('string', part.replace(/(?:`|\$\{)$/, ''));
    if (part.endsWith('${')) this.templateBraces.push(0);
  }

  private skip(): void {
    this.match(SKIPPED);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.position;
    const found = pattern.exec(this.source)?.[0];
    if (found !== undefined) this.position += found.length;
    return found;
  }

  private push(kind: Token['kind'], text: string): void {
    this.tokens.push({ kind, text, line: this.lineHere() });
  }

  private lineHere(): number {
    for (; this.lastOffset < this.position; this.lastOffset += 1) {
      if (this.source[this.lastOffset] === '\n') this.lastLine += 1;
    }
    return this.lastLine;
  }

  private unreadable(what: string): Error {
    return new Error(`line ${this.lineHere()}: ${what}`);
  }
}

/**
 * Splits a source into tokens; comments and white space are dropped, code inside `${…}` is kept.
 * Throws an error that names the line when a literal is never closed.
 */
export function tokenize(source: string): readonly Token[] {
  return new Scanner(source).run();
}
