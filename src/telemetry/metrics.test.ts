import { describe, expect, test } from 'vitest';
import { createMetrics } from './metrics.ts';

/** The series of one metric on the page, without HELP and TYPE. */
async function series(metrics: ReturnType<typeof createMetrics>, name: string): Promise<readonly string[]> {
  const page = await metrics.registry.metrics();
  return page.split('\n').filter((line) => line.startsWith(`vllm_warden_${name}`));
}

describe('the hooks of the runtime', () => {
  const hooks: readonly (readonly [
    hook: string,
    call: (runtime: ReturnType<typeof createMetrics>['runtime']) => void,
    name: string,
    expected: string,
  ])[] = [
    ['queueDepth', (m) => m.queueDepth('c', 3), 'workqueue_depth', '{controller="c"} 3'],
    ['queueAdd', (m) => m.queueAdd('c'), 'workqueue_adds_total', '{controller="c"} 1'],
    ['queueRetry', (m) => m.queueRetry('c'), 'workqueue_retries_total', '{controller="c"} 1'],
    [
      'queueSeconds',
      (m) => m.queueSeconds('c', 0.25),
      'workqueue_queue_duration_seconds_sum',
      '{controller="c"} 0.25',
    ],
    [
      'reconciled',
      (m) => m.reconciled('c', 'conflict', 2),
      'reconcile_total',
      '{controller="c",outcome="conflict"} 1',
    ],
    [
      'reconciled',
      (m) => m.reconciled('c', 'success', 2),
      'reconcile_duration_seconds_sum',
      '{controller="c"} 2',
    ],
    ['activeWorkers', (m) => m.activeWorkers('c', 2), 'reconcile_active_workers', '{controller="c"} 2'],
    ['listed', (m) => m.listed('pods', 1200), 'listed_objects', '{resource="pods"} 1200'],
    ['listed', (m) => m.listed('pods', 1200), 'lists_total', '{resource="pods"} 1'],
    ['watchEvent', (m) => m.watchEvent('pods'), 'watch_events_total', '{resource="pods"} 1'],
    [
      'watchFailed',
      (m) => m.watchFailed('pods', 'ApiExpired'),
      'watch_failures_total',
      '{resource="pods",code="ApiExpired"} 1',
    ],
    ['eventDropped', (m) => m.eventDropped('QueueFull'), 'events_dropped_total', '{reason="QueueFull"} 1'],
    ['leader', (m) => m.leader(true), 'leader', ' 1'],
  ];
  test.each(hooks)('%s moves %s', async (_hook, call, name, expected) => {
    const metrics = createMetrics();
    call(metrics.runtime);
    expect(await series(metrics, name)).toContain(`vllm_warden_${name}${expected}`);
  });

  test('a watch event notes when it came, so that a silent watch can be seen', async () => {
    const metrics = createMetrics();
    metrics.runtime.watchEvent('pods');
    const [line = ''] = await series(metrics, 'watch_last_event_timestamp_seconds');
    expect(Number(line.split(' ')[1])).toBeGreaterThan(1.7e9);
  });
});

test('requests to the API server count by method and outcome', async () => {
  const metrics = createMetrics();
  metrics.apiRequest('PATCH', '409', 0.02);
  metrics.apiRequest('PATCH', '200', 0.03);
  expect(await series(metrics, 'api_requests_total')).toEqual([
    'vllm_warden_api_requests_total{method="PATCH",outcome="409"} 1',
    'vllm_warden_api_requests_total{method="PATCH",outcome="200"} 1',
  ]);
  expect(await series(metrics, 'api_request_duration_seconds_count')).toEqual([
    'vllm_warden_api_request_duration_seconds_count{method="PATCH"} 2',
  ]);
});

describe('a fleet', () => {
  const full = () => {
    const metrics = createMetrics();
    for (const fleet of ['default/chat', 'prod/rag']) {
      metrics.fleets.scraped(fleet, 0.01, 50_000);
      metrics.fleets.scrapeFailed(fleet, 'TimedOut', 5);
      metrics.fleets.scrapesSkipped(fleet, 2);
      metrics.fleets.decided(fleet, { current: 2, desired: 3 });
    }
    return metrics;
  };
  const NAMES = [
    'scrapes_total',
    'scrape_failures_total',
    'scrapes_skipped_total',
    'fleet_current_engines',
    'fleet_desired_engines',
  ];
  const all = async (metrics: ReturnType<typeof createMetrics>): Promise<readonly string[]> =>
    (await Promise.all(NAMES.map((name) => series(metrics, name)))).flat();

  test('has its figures under its namespace and name', async () => {
    expect((await all(full())).filter((line) => line.includes('fleet="chat"'))).toEqual([
      'vllm_warden_scrapes_total{namespace="default",fleet="chat"} 1',
      'vllm_warden_scrape_failures_total{namespace="default",fleet="chat",reason="TimedOut"} 1',
      'vllm_warden_scrapes_skipped_total{namespace="default",fleet="chat"} 2',
      'vllm_warden_fleet_current_engines{namespace="default",fleet="chat"} 2',
      'vllm_warden_fleet_desired_engines{namespace="default",fleet="chat"} 3',
    ]);
  });

  test('that is gone leaves no series behind, and the others alone', async () => {
    const metrics = full();
    metrics.fleets.forgotten('default/chat');
    const left = await all(metrics);
    expect(left.some((line) => line.includes('chat'))).toBe(false);
    expect(left).toHaveLength(NAMES.length);
  });

  test('adds to the sizes and durations of all scrapes', async () => {
    const metrics = full();
    metrics.fleets.targets(7);
    expect(await series(metrics, 'scrape_targets')).toEqual(['vllm_warden_scrape_targets 7']);
    expect(await series(metrics, 'scrape_duration_seconds_count')).toEqual([
      'vllm_warden_scrape_duration_seconds_count 4',
    ]);
    expect(await series(metrics, 'scrape_page_bytes_sum')).toEqual([
      'vllm_warden_scrape_page_bytes_sum 100000',
    ]);
  });
});

test('the process says how late its event loop is, and two operators do not share a registry', async () => {
  const [one, two] = [createMetrics(), createMetrics()];
  one.runtime.leader(true);
  expect(await one.registry.metrics()).toContain('nodejs_eventloop_lag_p99_seconds');
  expect(await series(two, 'leader')).toEqual(['vllm_warden_leader 0']);
});
