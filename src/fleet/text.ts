/** Milliseconds as people say it: `8 s`, `12 min`, `3 h`, `2 d`. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A time of the API (RFC 3339, UTC) as people read it: `2026-03-02 10:00:00 UTC`. */
export function moment(timestamp: string): string {
  return `${timestamp.slice(0, 10)} ${timestamp.slice(11, 19)} UTC`;
}

/** A share, 0 to 1, as a whole percentage; `?` when it is not known. */
export function percent(share: number | undefined): string {
  return share === undefined ? '?' : `${Math.round(share * 100)}%`;
}

/** A number of things; `?` when it is not known. */
export function count(value: number | undefined): string {
  return value === undefined ? '?' : String(Math.round(value));
}

/** `1 engine`, `2 engines`. */
export function plural(value: number, noun: string): string {
  return `${value} ${noun}${value === 1 ? '' : 's'}`;
}

/** The text, cut to `limit` characters: status is bounded. */
export function cut(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit - 1)}…`;
}
