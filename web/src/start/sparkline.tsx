/** A small line of the last speeds, scaled to its own highest. */
export function Sparkline({ values, width = 250, height = 30, slots = 60 }: { values: readonly number[]; width?: number; height?: number; slots?: number }) {
  if (values.length < 2 || values.every((v) => v === 0)) return <div class="flat" />;
  const top = Math.max(...values, 1);
  // The newest value stands at the right edge, however few there are.
  const step = width / (slots - 1);
  const left = width - (values.length - 1) * step;
  const points = values.map((v, i) => `${(left + i * step).toFixed(1)} ${(height - 2 - (v / top) * (height - 5)).toFixed(1)}`);
  const line = `M${points.join(' L')}`;
  return (
    <svg class="spark" preserveAspectRatio="none" width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
      <path d={`${line} L${width} ${height} L${left.toFixed(1)} ${height}z`} class="area" />
      <path d={line} class="line" vector-effect="non-scaling-stroke" />
    </svg>
  );
}
