import type { FakePorts } from './ports.ts';
import type { Post } from '../delivery.ts';
import type { Fault } from './script.ts';

/** Up to three faults in a row, 429 with one to nine seconds or 503, different for each index and the same in each run. */
export function upToThreeFaults(index: number): Fault[] {
  return Array.from({ length: index % 4 }, (_, step) => {
    const choice = (index * 7 + step * 3) % 10;
    return choice === 0 ? { kind: 'status', status: 503 } : { kind: 'busy', seconds: choice };
  });
}

/** A client that counts the requests which came sooner than the server had asked for, on the test's clock. */
export function watchEarly(
  post: Post,
  clock: FakePorts['clock'],
): Post & { early(): number; count(): number } {
  let notBefore = 0;
  let early = 0;
  let count = 0;
  return {
    early: () => early,
    count: () => count,
    async request(request) {
      count += 1;
      if (clock.now() < notBefore) early += 1;
      const answer = await post.request(request);
      const asked = Number(answer.headers['retry-after'] ?? 0);
      notBefore = clock.now() + asked * 1000;
      return answer;
    },
  };
}
