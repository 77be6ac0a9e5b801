import {
  type ConnectOptions,
  type Connection,
  type Endpoint,
  type Http,
  type HttpRequest,
  type HttpResponse,
  connect,
  limited,
  openHttp,
} from '@deploy-actions/http';
import type { Redactor } from '@deploy-actions/kit';

/** From where targets are reached: the runner, or the server through its SSH session. */
export interface Reach {
  request(request: HttpRequest): Promise<HttpResponse>;
  /**
   * Opens a connection and hands it over; the caller destroys its socket. Throws HttpError. `talk` says that
   * bytes will be sent: a way that can only try whether the port is open then refuses.
   */
  open(
    endpoint: Endpoint,
    options: ConnectOptions,
    timeout: number,
    signal?: AbortSignal,
    talk?: boolean,
  ): Promise<Connection>;
  close(): Promise<void>;
}

export interface ReachOptions {
  env?: Readonly<Record<string, string | undefined>>;
  redactor?: Redactor;
}

/** Targets as the runner sees them, through the environment's proxy where there is one. */
export function fromRunner(options: ReachOptions = {}): Reach {
  const http: Http = openHttp({ ...options });
  return {
    request: (request) => http.request(request),
    open: (endpoint, how, timeout, signal) =>
      limited(signal, timeout, (limit) => connect(endpoint, how, limit)),
    close: () => http.close(),
  };
}
