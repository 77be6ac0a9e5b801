import { LADDER, jsonText, shareName, shares } from '@deploy-actions/ledger';
import type { FrontDoor } from '../proxy/door.ts';
import { proxyOf } from '../proxy/registry.ts';
import { DEFAULT_HEADER, PROBE_HEADER, type Site } from '../site.ts';

/** How an answer is asked for and judged. */
export interface Verification extends FrontDoor {
  /** Text that the right answer has in it; empty: any. */
  version: string;
  /** Seconds until the new colour must answer steadily. */
  seconds: number;
}

/** What `siteParameters` gives. */
export const SITE_PARAMETERS = [
  'docker_host',
  'project',
  'proxy',
  'proxy_container',
  'folder',
  'share_names',
  'header',
  'header_probe',
  'token',
  'config_file',
  'config_inside',
  'socket',
  'watched',
  'canary_log',
  'canary_why',
  'mechanism',
  'verify_url',
  'verify_connect',
  'verify_seconds',
  'expect_version',
  'routes',
  'routes_json',
] as const;

/** What every program that deals with a proxy is told of the site. */
export function siteParameters(
  site: Site,
  verification: Verification,
  dockerHost: string | undefined,
): Record<(typeof SITE_PARAMETERS)[number], string> {
  const proxy = proxyOf(site.kind);
  return {
    docker_host: dockerHost ?? '',
    project: site.project,
    proxy: proxy.kind,
    proxy_container: site.container,
    folder: site.folder,
    share_names: shares(LADDER).map(shareName).join(' '),
    header: site.header ?? DEFAULT_HEADER,
    header_probe: PROBE_HEADER,
    token: site.token,
    config_file: site.configFile,
    config_inside: site.configInside,
    socket: site.socket,
    watched: site.watched,
    canary_log: site.canaryLog,
    canary_why: site.canaryWhy,
    mechanism: proxy.mechanism,
    verify_url: verification.url,
    verify_connect: verification.connect,
    verify_seconds: String(verification.seconds),
    expect_version: verification.version,
    routes: site.routes
      .map((route) =>
        [route.name, route.service, route.port, route.blue.join(','), route.green.join(',')].join(' '),
      )
      .join('\n'),
    routes_json: JSON.stringify(
      site.routes.map(({ name, service, port, blue, green }) => ({ name, service, port, blue, green })),
    ),
  };
}

export interface SwitchPlan {
  target: 'blue' | 'green';
  /** Weights in order; the last is where it ends. Default: all at once. */
  steps?: readonly number[];
  /** Default 0, like every time here. */
  stepSeconds?: number;
  drainSeconds?: number;
  /** Seconds until the old colour is stopped; undefined keeps it. */
  stopAfter?: number | undefined;
  confirmSeconds?: number;
  liveOnly?: readonly string[];
  /** Moves the traffic before anything else: for a rollback. Default false. */
  trafficFirst?: boolean;
  /** Servers that switch together. Default 1. */
  hosts?: number;
  goSeconds?: number;
  /** A share of failed requests, 0 to 1; undefined does not judge it. */
  maxErrorRate?: number | undefined;
  /** Milliseconds; undefined does not judge it. */
  maxP95?: number | undefined;
  /** Default 1. */
  minRequests?: number;
  /** Seconds without a sign of the runner after which a canary ends; 0, the default: does not watch. */
  watchRunner?: number;
  /** Of a cluster: whether the server is the manager that sees its tasks and changes it. Default: of no cluster. */
  place?: Place;
  /** Of a cluster's other nodes: the manager's proxy, which goes before where nobody confirms. Default: none. */
  lead?: Lead | undefined;
  actor: string;
  runUrl: string;
  reason: string;
}

/** The proxy of a cluster's manager as the other nodes reach it. */
export interface Lead {
  /** `host:port`. */
  connect: string;
  /** Its site's word for what asks. */
  token: string;
}

/** What a server is to the colours: it has them by itself, or is a manager or another node of the cluster that has them. */
export type Place = 'server' | 'manager' | 'node';

/** What `switchParameters` gives. */
export const SWITCH_PARAMETERS = [
  'target',
  'steps',
  'step_seconds',
  'drain_seconds',
  'stop_after',
  'confirm_seconds',
  'live_only',
  'traffic_first',
  'hosts',
  'go_seconds',
  'max_error_rate',
  'max_p95',
  'min_requests',
  'watch_runner',
  'actor',
  'run_url',
  'reason',
  'start_target',
  'marks_bad',
  'marks_good',
  'place',
  'lead_connect',
  'lead_token',
] as const;

/** What a program that may move the traffic is told of how to. */
export function switchParameters(plan: SwitchPlan): Record<(typeof SWITCH_PARAMETERS)[number], string> {
  return {
    target: plan.target,
    steps: (plan.steps ?? [100]).join(' '),
    step_seconds: String(plan.stepSeconds ?? 0),
    drain_seconds: String(plan.drainSeconds ?? 0),
    stop_after: plan.stopAfter === undefined ? '' : String(plan.stopAfter),
    confirm_seconds: String(plan.confirmSeconds ?? 0),
    live_only: (plan.liveOnly ?? []).join(' '),
    traffic_first: plan.trafficFirst ? '1' : '0',
    hosts: String(plan.hosts ?? 1),
    go_seconds: String(plan.goSeconds ?? 0),
    max_error_rate: plan.maxErrorRate === undefined ? '' : String(Math.round(plan.maxErrorRate * 10_000)),
    max_p95: plan.maxP95 === undefined ? '' : String(plan.maxP95),
    min_requests: String(plan.minRequests ?? 1),
    watch_runner: String(plan.watchRunner ?? 0),
    actor: jsonText(plan.actor),
    run_url: jsonText(plan.runUrl),
    reason: jsonText(plan.reason),
    start_target: '',
    marks_bad: '',
    marks_good: '',
    place: plan.place ?? 'server',
    lead_connect: plan.lead?.connect ?? '',
    lead_token: plan.lead?.token ?? '',
  };
}

/** For `expect_slot` of a flip: whatever is in the colour. Empty: nothing; else what the deploy to it noted. */
export const ANY_RELEASE = '*';
