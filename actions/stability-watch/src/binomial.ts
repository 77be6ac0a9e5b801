/**
 * The probability of `k` or more events in `n` independent trials, each with probability `p`: the upper tail of the
 * binomial distribution, summed exactly.
 */
export function tail(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  return Math.max(0, 1 - atMost(k - 1, n, p));
}

/** The probability of `k` or fewer events; `p` strictly between 0 and 1. */
function atMost(k: number, n: number, p: number): number {
  let log = n * Math.log1p(-p);
  const step = Math.log(p) - Math.log1p(-p);
  let sum = Math.exp(log);
  for (let i = 0; i < k; i += 1) {
    log += Math.log((n - i) / (i + 1)) + step;
    sum += Math.exp(log);
  }
  return Math.min(1, sum);
}

/**
 * The largest rate that is not ruled out by `k` events in `n` trials: the upper end of the one-sided 95 % interval of
 * Clopper and Pearson. Of 0 in n it is nearly 3/n, the rule of three.
 */
export function upperBound(k: number, n: number, doubt = 0.05): number {
  if (k >= n) return 1;
  let low = k / n;
  let high = 1;
  for (let i = 0; i < 60; i += 1) {
    const middle = (low + high) / 2;
    if (atMost(k, n, middle) > doubt) low = middle;
    else high = middle;
  }
  return high;
}
