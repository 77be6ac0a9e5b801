import { HttpError } from '../error.ts';

/** Keeps what a test starts, and closes it when the test is over. */
export function startsForEach(
  afterEach: (close: () => Promise<void>) => void,
): <T extends { close(): Promise<void> }>(starting: Promise<T>) => Promise<T> {
  const started: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((one) => one.close()));
  });
  return async (starting) => {
    const one = await starting;
    started.push(one);
    return one;
  };
}

/** The HttpError that the work ends with; throws where it ends otherwise. */
export async function failure(work: Promise<unknown>): Promise<HttpError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof HttpError)) throw new Error(`no HttpError but ${String(error)}`);
  return error;
}
