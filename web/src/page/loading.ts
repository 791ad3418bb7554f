/** Parts of the page that are loaded where they are used. */

const AGAIN = 1000; // ms

/** Loads a part, again and again while no server answers. */
export async function persistently<T>(load: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }
}
