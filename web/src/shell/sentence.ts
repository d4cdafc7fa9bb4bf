/** The program's words as sentences of the page. Pure functions; texts are cleaned by the caller. */

/** With a capital and a full stop; nothing stays nothing. */
export function whole_sentence(text: string): string {
  const said = text.trim();
  return said === '' || /[.!?:…]$/.test(said) ? with_capital(said) : `${with_capital(said)}.`;
}

/** A capital for the words the program begins sentences with; the name of an interface keeps its letters. */
export function with_capital(text: string): string {
  return /^(all|cannot|capture|it|its|new|newer|no|nothing|packets|reading|the|there|this)\b/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
