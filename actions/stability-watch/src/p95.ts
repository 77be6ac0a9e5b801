/** Answers from which on a p95 says something: of 30 it is the second largest, a coin toss. */
export const P95_ANSWERS = 100;
