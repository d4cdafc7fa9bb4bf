import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../shell/icons';
import { best_spot, overlap, type Box } from './card_place';
import { begin_tour, end_tour, go_to_step, kSteps, no_tour, tour_at, tour_offered, tour_waits } from './steps';
import './tour.css';

const kRingGap_px = 3;

function box_of(element: Element): Box {
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x, y, width, height };
}
function seen(selector: string): Box | null {
  const element = document.querySelector(selector);
  if (element === null) return null;
  const box = box_of(element);
  return box.width > 0 && box.height > 0 ? box : null;
}
function first_seen(selectors: readonly string[]): Box | null {
  for (const selector of selectors) {
    const box = seen(selector);
    if (box !== null) return box;
  }
  return null;
}

/** Keeps ring and card where they belong while panes open, rows are chosen and windows change. */
function follow(card: HTMLElement, ring: HTMLElement, targets: readonly string[]): () => void {
  let frame = 0;
  let drawn = '';
  let anchor = '';
  let at = { x: -1, y: -1 };
  const look = (): void => {
    frame = requestAnimationFrame(look);
    const target = first_seen(targets);
    const never = ['.rowpane .gr[aria-selected="true"]', '.notice.on'].map(seen).filter((box): box is Box => box !== null);
    const size = { width: card.offsetWidth, height: card.offsetHeight };
    const area = seen('.work') ?? { x: 0, y: 0, width: innerWidth, height: innerHeight };
    const key = [target, never, size, area].map((part) => JSON.stringify(part)).join();
    if (key === drawn) return;
    drawn = key;
    ring.hidden = target === null;
    const aim = target ?? { x: area.x + area.width / 2, y: area.y + area.height / 2, width: 0, height: 0 };
    ring.style.left = `${Math.max(0, aim.x - kRingGap_px)}px`;
    ring.style.top = `${Math.max(0, aim.y - kRingGap_px)}px`;
    ring.style.width = `${Math.min(innerWidth - Math.max(0, aim.x - kRingGap_px), aim.width + 2 * kRingGap_px)}px`;
    ring.style.height = `${Math.min(innerHeight - Math.max(0, aim.y - kRingGap_px), aim.height + 2 * kRingGap_px)}px`;
    // A card that stands well stays: it moves for another target or for a row chosen under it, not for every row.
    const now = JSON.stringify([target, size, area]);
    if (now === anchor && never.every((box) => overlap({ ...at, ...size }, box) === 0)) return;
    anchor = now;
    at = best_spot(size, aim, never, area);
    card.style.left = `${Math.round(at.x)}px`;
    card.style.top = `${Math.round(at.y)}px`;
  };
  look();
  return () => cancelAnimationFrame(frame);
}

function Card({ index }: { index: number }) {
  const card = useRef<HTMLElement>(null);
  const ring = useRef<HTMLDivElement>(null);
  const next = useRef<HTMLButtonElement>(null);
  const step = kSteps[index];
  const is_last = index === kSteps.length - 1;
  useEffect(() => {
    if (card.current && ring.current && step) return follow(card.current, ring.current, step.targets);
  }, [index]);
  useEffect(() => {
    const before = document.activeElement;
    next.current?.focus();
    const escape = (event: KeyboardEvent): void => {
      // A popup in front of the tour closes first.
      if (event.key !== 'Escape' || document.querySelector('dialog[open], .pop')) return;
      event.preventDefault();
      event.stopPropagation();
      end_tour();
    };
    window.addEventListener('keydown', escape, true);
    const box = card.current;
    return () => {
      window.removeEventListener('keydown', escape, true);
      if (!box?.contains(document.activeElement) && document.activeElement !== document.body) return;
      const back = before instanceof HTMLElement && before.isConnected && before !== document.body ? before : document.getElementById('packet-rows');
      back?.focus();
    };
  }, []);
  if (!step) return null;
  return (
    <>
      <div class="tour-ring" ref={ring} aria-hidden="true" />
      <section
        class="tour-card"
        ref={card}
        role="region"
        aria-labelledby="tour-step"
        data-region="tour"
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight' && !is_last) void go_to_step(index + 1);
          else if (event.key === 'ArrowLeft' && index > 0) void go_to_step(index - 1);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      >
        <div class="row">
          <span class="t12 dimmer num" id="tour-step">
            Tour, step {index + 1} of {kSteps.length}
          </span>
          <span class="grow" />
          <button class="btn quiet icon sm" aria-label="End the tour" title="End the tour (Esc)" onClick={end_tour}>
            <Icon name="close" size={14} />
          </button>
        </div>
        <div aria-live="polite">
          <h2>{step.title}</h2>
          <p>{step.words}</p>
        </div>
        <div class="row end">
          <span class="dots" aria-hidden="true">
            {kSteps.map((s, i) => (
              <span key={s.title} class={i === index ? 'on' : ''} />
            ))}
          </span>
          <span class="grow" />
          {index > 0 ? (
            <button class="btn sm" onClick={() => void go_to_step(index - 1)}>
              Back
            </button>
          ) : null}
          <button class="btn sm next" ref={next} aria-disabled={tour_waits.value} onClick={() => (tour_waits.value ? undefined : is_last ? end_tour() : void go_to_step(index + 1))}>
            {is_last ? 'Done' : 'Next'}
          </button>
        </div>
      </section>
    </>
  );
}

export function Tour() {
  return tour_at.value === null ? null : <Card index={tour_at.value} />;
}

/** One quiet line at the first visits; it goes when the tour was taken or refused. */
export function TourOffer() {
  if (!tour_offered.value || tour_at.value !== null) return null;
  return (
    <p class="row tour-offer">
      <span>New here?</span>
      <button class="btn quiet sm" onClick={begin_tour}>
        Take the tour (1 min)
      </button>
      <button class="btn quiet sm no" onClick={no_tour}>
        No, thanks
      </button>
    </p>
  );
}
