/** Where the card of the tour may stand: near what it speaks about, never over the chosen row. Sizes in CSS px. */

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
export interface Spot {
  x: number;
  y: number;
}

const kGap_px = 12;
/** A px of the chosen row or of a notice under the card weighs more than the whole target. */
const kNeverWeight = 1e6;

export function overlap(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x);
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y);
  return width > 0 && height > 0 ? width * height : 0;
}

/** The spot inside `area` that covers least of `target` and nothing of `never`, if there is one; the first of equals. */
export function best_spot(card: { width: number; height: number }, target: Box, never: readonly Box[], area: Box): Spot {
  const left = area.x + kGap_px;
  const right = area.x + area.width - card.width - kGap_px;
  const top = area.y + kGap_px;
  const bottom = area.y + area.height - card.height - kGap_px;
  const within_x = (x: number): number => Math.max(left, Math.min(right, x));
  const within_y = (y: number): number => Math.max(top, Math.min(bottom, y));
  const below = target.y + target.height + kGap_px;
  const above = target.y - card.height - kGap_px;
  const spots: Spot[] = [
    { x: within_x(target.x), y: within_y(below) },
    { x: within_x(target.x), y: within_y(above) },
    { x: within_x(target.x + target.width - card.width), y: within_y(above) },
    { x: within_x(target.x - card.width - kGap_px), y: within_y(target.y) },
    { x: within_x(target.x + target.width + kGap_px), y: within_y(target.y) },
    { x: within_x(target.x - card.width - kGap_px), y: within_y(target.y + target.height - card.height) },
    { x: right, y: bottom },
    { x: right, y: top },
    { x: left, y: bottom },
    { x: left, y: top },
  ];
  const cost = (spot: Spot): number => {
    const box = { ...spot, width: card.width, height: card.height };
    return overlap(box, target) + never.reduce((sum, other) => sum + overlap(box, other) * kNeverWeight, 0);
  };
  return spots.reduce((best, spot) => (cost(spot) < cost(best) ? spot : best));
}
