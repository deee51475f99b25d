/** A share with one decimal, e.g. `2.1 %`. */
export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}

/** A time with two significant digits or more, e.g. `0.085 s`; `?` if it is unknown. */
export function seconds(value: number | undefined): string {
  if (value === undefined) return '?';
  return `${value >= 10 ? Math.round(value) : Number(value.toPrecision(2))} s`;
}

export function whole(value: number): string {
  return String(Math.round(value));
}

/** `1 new engine`, `2 new engines`. */
export function engines(count: number, side: string): string {
  return `${count} ${side} ${count === 1 ? 'engine' : 'engines'}`;
}
