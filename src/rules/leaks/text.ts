const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as people say them: `90 B`, `48.6 MiB`, `6.57 GiB`. */
export function bytes(value: number): string {
  const unit = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.abs(value) || 1) / 10)));
  return `${Number((value / 1024 ** unit).toPrecision(3))} ${UNITS[unit] ?? ''}`;
}

/** A span of time in one unit: `95 s`, `40 min`, `5.2 h`, `9 d`. */
export function span(ms: number): string {
  const hours = ms / 3_600_000;
  if (!Number.isFinite(hours)) return 'never';
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`;
  if (hours < 2) return `${Math.round(hours * 60)} min`;
  return hours < 100 ? `${Number(hours.toPrecision(2))} h` : `${Math.round(hours / 24)} d`;
}

/** A share, 0 to 1, to a tenth of a percent. */
export function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}
