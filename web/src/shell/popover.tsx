import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';

/** A panel that closes on Escape, on a click outside and when focus leaves it; the opener gets focus back. */
export function Popover(props: {
  label: string;
  class: string;
  close: () => void;
  children: ComponentChildren;
}) {
  const ref = useRef<HTMLDivElement>(null);
  const close = useRef(props.close);
  close.current = props.close;
  useEffect(() => {
    const before = document.activeElement;
    const box = ref.current;
    (box?.querySelector<HTMLElement>('input, button, select') ?? box)?.focus();
    const outside = (event: PointerEvent): void => {
      const target = event.target as Element | null;
      if (!box?.contains(target) && !target?.closest('[data-opens]')) close.current();
    };
    const escape = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return;
      event.stopPropagation();
      event.preventDefault();
      close.current();
    };
    document.addEventListener('pointerdown', outside, true);
    document.addEventListener('keydown', escape, true);
    return () => {
      document.removeEventListener('keydown', escape, true);
      document.removeEventListener('pointerdown', outside, true);
      if (before instanceof HTMLElement && (box?.contains(document.activeElement) || document.activeElement === document.body)) before.focus();
    };
  }, []);
  return (
    <div
      ref={ref}
      class={`pop ${props.class}`}
      role="dialog"
      aria-label={props.label}
      tabIndex={-1}
    >
      {props.children}
    </div>
  );
}

/** A modal sheet; Escape and the backdrop close it. */
export function Sheet(props: { label: string; class?: string; close: () => void; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  // Before anything is drawn: a key pressed at once, Escape above all, must meet an open dialog.
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    return () => dialog?.close();
  }, []);
  return (
    <dialog
      ref={ref}
      class={`sheet ${props.class ?? ''}`}
      aria-label={props.label}
      onCancel={(event) => {
        event.preventDefault();
        props.close();
      }}
      onPointerDown={(event) => {
        if (event.target === ref.current) props.close();
      }}
    >
      <div class="sheet-body">{props.children}</div>
    </dialog>
  );
}
