import { Counter, Gauge, Histogram, type Registry } from 'prom-client';

/** Hooks of the scraper and of the fleet controller; a fleet is named by its key `namespace/name`. */
export interface FleetMetrics {
  scraped(fleet: string, seconds: number, bytes: number): void;
  scrapeFailed(fleet: string, reason: string, seconds: number): void;
  scrapesSkipped(fleet: string, ticks: number): void;
  targets(count: number): void;
  decided(fleet: string, sizes: { readonly current: number; readonly desired: number }): void;
  /** Takes every series of a fleet away: a deleted fleet must not go on as a flat line. */
  forgotten(fleet: string): void;
}

/** A page took 4.8 s under load, so the range reaches beyond the shortest time-out. */
const SCRAPE_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const PAGE_BYTES = [10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000];

const FLEET = ['namespace', 'fleet'] as const;

/** What is read from the engines of each fleet, and what was decided from it. */
export function createFleetMetrics(registry: Registry): FleetMetrics {
  const registers = [registry];
  const perFleet = { labelNames: FLEET, registers };
  const scrapes = new Counter({
    name: 'vllm_warden_scrapes_total',
    help: 'Metrics pages that were read.',
    ...perFleet,
  });
  const failures = new Counter({
    name: 'vllm_warden_scrape_failures_total',
    help: 'Metrics pages that could not be read, by reason.',
    labelNames: [...FLEET, 'reason'],
    registers,
  });
  const skipped = new Counter({
    name: 'vllm_warden_scrapes_skipped_total',
    help: 'Ticks that were left out because the last scrape had not ended.',
    ...perFleet,
  });
  const seconds = new Histogram({
    name: 'vllm_warden_scrape_duration_seconds',
    help: 'How long a scrape took, failed ones too.',
    buckets: SCRAPE_SECONDS,
    registers,
  });
  const bytes = new Histogram({
    name: 'vllm_warden_scrape_page_bytes',
    help: 'Size of a metrics page.',
    buckets: PAGE_BYTES,
    registers,
  });
  const targets = new Gauge({
    name: 'vllm_warden_scrape_targets',
    help: 'Engines that are scraped now.',
    registers,
  });
  const current = new Gauge({
    name: 'vllm_warden_fleet_current_engines',
    help: 'Engines that are ordered now.',
    ...perFleet,
  });
  const desired = new Gauge({
    name: 'vllm_warden_fleet_desired_engines',
    help: 'Engines that the last decision asks for.',
    ...perFleet,
  });
  const reasons = new Set<string>();
  return {
    scraped(fleet, took, size) {
      scrapes.inc(labelsOf(fleet));
      seconds.observe(took);
      bytes.observe(size);
    },
    scrapeFailed(fleet, reason, took) {
      reasons.add(reason);
      failures.inc({ ...labelsOf(fleet), reason });
      seconds.observe(took);
    },
    scrapesSkipped: (fleet, ticks) => skipped.inc(labelsOf(fleet), ticks),
    targets: (count) => targets.set(count),
    decided(fleet, sizes) {
      current.set(labelsOf(fleet), sizes.current);
      desired.set(labelsOf(fleet), sizes.desired);
    },
    forgotten(fleet) {
      const labels = labelsOf(fleet);
      for (const metric of [scrapes, skipped, current, desired]) metric.remove(labels);
      for (const reason of reasons) failures.remove({ ...labels, reason });
    },
  };
}

function labelsOf(key: string): { namespace: string; fleet: string } {
  const slash = key.indexOf('/');
  return { namespace: key.slice(0, Math.max(slash, 0)), fleet: key.slice(slash + 1) };
}
