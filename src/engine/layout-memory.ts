import type { PageLayout } from './layout.ts';

/** Some versions, each idle and loaded, of some fleets; about 100 KB each. */
const MOST_LAYOUTS = 64;
/** A layout that is not the page's shows it early, mostly in the first model name; a near relative shows it late. */
const MOST_TRIED = 16;

/** The layouts of late, the one used last in front. The engines of a fleet share theirs. */
export class LayoutMemory {
  private layouts: readonly PageLayout[] = [];

  /**
   * The layout that the page has, with the page read into its state. `likely`, the one of the engine's page before, is
   * tried first.
   */
  find(bytes: Uint8Array, likely: PageLayout | undefined): PageLayout | undefined {
    const known = likely !== undefined && this.layouts.includes(likely);
    const found =
      known && likely.read(bytes)
        ? likely
        : this.layouts.slice(0, MOST_TRIED).find((layout) => layout !== likely && layout.read(bytes));
    if (found !== undefined) this.use(found);
    return found;
  }

  /** Puts a layout in front; the one that was used longest ago falls out. */
  use(layout: PageLayout): void {
    if (this.layouts[0] === layout) return;
    const others = this.layouts.filter((other) => other !== layout);
    this.layouts = [layout, ...others.slice(0, MOST_LAYOUTS - 1)];
  }
}
