import { describe, expect, it } from 'vitest';
import { best_spot, overlap } from './card_place';

const kArea = { x: 0, y: 0, width: 1440, height: 860 };
const kCard = { width: 340, height: 180 };
const card_at = (spot: { x: number; y: number }) => ({ ...spot, ...kCard });

describe('the card of the tour', () => {
  it('stands below a bar and covers nothing of it', () => {
    const bar = { x: 184, y: 48, width: 1256, height: 64 };
    const spot = best_spot(kCard, bar, [], kArea);
    expect(overlap(card_at(spot), bar)).toBe(0);
    expect(spot.y).toBe(124);
  });
  it('stands above what is at the foot of the window', () => {
    const status = { x: 0, y: 840, width: 700, height: 20 };
    expect(overlap(card_at(best_spot(kCard, status, [], kArea)), status)).toBe(0);
  });
  it('leaves the chosen row free wherever that is, even inside what it speaks about', () => {
    const list = { x: 184, y: 170, width: 1256, height: 670 };
    for (let y = list.y; y < list.y + list.height; y += 24) {
      const row = { x: list.x, y, width: list.width, height: 24 };
      const spot = best_spot(kCard, list, [row], kArea);
      expect(overlap(card_at(spot), row)).toBe(0);
      expect(spot.x >= 0 && spot.x + kCard.width <= kArea.width).toBe(true);
      expect(spot.y >= 0 && spot.y + kCard.height <= kArea.height).toBe(true);
    }
  });
});
