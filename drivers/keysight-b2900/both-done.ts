/**
 * Waits for both, then throws what the first or the second failed with. Two instruments work at the same time: neither may be
 * left with an answer under way when the other has failed, or its next answer would be that one.
 */
export async function bothDone<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [one, other] = await Promise.allSettled([first, second]);
  if (one.status === 'rejected') throw one.reason;
  if (other.status === 'rejected') throw other.reason;
  return [one.value, other.value];
}
