// The desk's keys (CONSOLE §8.16). Off inside text fields and while a Chinese word is being composed; none destroys.
export interface Keys {
  search(): void
  number(n: number): void
  step(by: number): void
  open(): void
  escape(): void
  follow(): void
  /** `withRed`: Shift was held. */
  acknowledge?(withRed: boolean): void
  replay?(): void
  zoom(by: number): void
  pan(x: number, y: number): void
}

const PAN_PX = 120

export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName))
}

const PRESSABLE = 'button, a, summary, [role=tab], [role=button]'
let pointed: Element | null = null
addEventListener('pointerdown', (event) => (pointed = event.target instanceof Element ? event.target.closest(PRESSABLE) : null), true)

/** What Space presses itself: a button that was reached by keyboard. One that the mouse has pressed just keeps the focus. */
function pressable(target: EventTarget | null): boolean {
  const button = target instanceof Element ? target.closest(PRESSABLE) : null
  return button !== null && button !== pointed
}

export function deskKeys(keys: Keys): (event: KeyboardEvent) => void {
  const table: Record<string, () => void> = {
    '/': keys.search,
    j: () => keys.step(1),
    k: () => keys.step(-1),
    f: keys.follow,
    ...(keys.replay && { r: keys.replay }),
    q: () => keys.zoom(-1),
    e: () => keys.zoom(1),
    w: () => keys.pan(0, -PAN_PX),
    s: () => keys.pan(0, PAN_PX),
    a: () => keys.pan(-PAN_PX, 0),
    d: () => keys.pan(PAN_PX, 0),
  }
  return (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return
    if (typing(event.target)) {
      if (event.key === 'Escape') (event.target as HTMLElement).blur()
      return
    }
    if (event.key === 'Escape') return keys.escape()
    if (event.key === 'Enter' && event.target === document.body) return keys.open()
    if (/^[1-9]$/.test(event.key)) return keys.number(Number(event.key))
    if (event.key === ' ' && keys.acknowledge && !pressable(event.target)) {
      event.preventDefault()
      return keys.acknowledge(event.shiftKey)
    }
    const act = table[event.key.toLowerCase()]
    if (!act) return
    event.preventDefault()
    act()
  }
}
