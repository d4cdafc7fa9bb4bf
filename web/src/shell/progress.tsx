import { useEffect, useRef } from 'preact/hooks';

/** A bar that stands for a true share, 0 to 1. */
export function Progress({ share, label }: { share: number; label: string }) {
  const fill = useRef<HTMLDivElement>(null);
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 1000) / 10;
  useEffect(() => {
    if (fill.current) fill.current.style.width = `${percent}%`;
  }, [percent]);
  return (
    <div class="progress" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={percent}>
      <div ref={fill} />
    </div>
  );
}
