import type { PageLayout } from './layout.ts';

/** Some versions, each idle and loaded, of some fleets; about 100 KB each. */
const MOST_LAYOUTS = 64;
/** Layouts of other kinds differ early; of near relatives, which differ late, not many are tried on one page. */
const MOST_COMPARED = 6;

/** The layouts of late, the one used last in front. The engines of a fleet share theirs. */
export class LayoutMemory {
  private layouts: readonly PageLayout[] = [];

  /**
   * The layout that the page has, with the page read into its state. `likely`, the one of the engine's page before, is
   * tried first. Gives up when so much was compared in vain as some pages hold.
   */
  find(bytes: Uint8Array, likely: PageLayout | undefined): PageLayout | undefined {
    let budget = MOST_COMPARED * bytes.length;
    for (const layout of this.candidates(likely)) {
      const compared = layout.read(bytes);
      if (compared < 0) {
        this.use(layout);
        return layout;
      }
      budget -= compared;
      if (budget < 0) break;
    }
    return undefined;
  }

  /** Puts a layout in front; the one that was used longest ago falls out. */
  use(layout: PageLayout): void {
    if (this.layouts[0] !== layout) this.layouts = this.startingWith(layout).slice(0, MOST_LAYOUTS);
  }

  /** A layout that has fallen out is not tried: whoever remembers it must not keep it in memory. */
  private candidates(likely: PageLayout | undefined): readonly PageLayout[] {
    const known = likely !== undefined && likely !== this.layouts[0] && this.layouts.includes(likely);
    return known ? this.startingWith(likely) : this.layouts;
  }

  private startingWith(layout: PageLayout): readonly PageLayout[] {
    return [layout, ...this.layouts.filter((other) => other !== layout)];
  }
}
