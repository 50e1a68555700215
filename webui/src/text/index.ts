// The dictionary in use. `t` is reactive: templates that read it follow the language switch.
import { shallowReactive, ref } from 'vue'
import { en } from './en'
import { zh, type Dictionary } from './zh'

export type Language = 'zh' | 'en'
const KEY = 'ganying.language'

function stored(): Language {
  return localStorage.getItem(KEY) === 'en' ? 'en' : 'zh'
}

export const language = ref<Language>(stored())
export const t: Dictionary = shallowReactive({ ...(language.value === 'en' ? en : zh) })

export function switchLanguage(to: Language): void {
  language.value = to
  localStorage.setItem(KEY, to)
  Object.assign(t, to === 'en' ? en : zh)
  document.documentElement.lang = to === 'en' ? 'en' : 'zh-CN'
}

/** A word of a closed vocabulary; a value this build does not know is shown as it came, never dropped. */
export function word(table: Record<string, string>, key: string): string {
  return table[key] ?? key
}

/** An act of a crew: a step, or one beside the steps. */
export function crewWord(action: string): string {
  return t.drops.act[action] ?? t.uplink.act[action] ?? word(t.taskingAction, action)
}

/** An act of a record's history. The site's clock writes `overdue_<timer>` there. */
export function actWord(table: Record<string, string>, action: string): string {
  const timer = /^overdue_(.+)$/.exec(action)?.[1]
  return timer ? t.overdue(word(t.timer, timer)) : word(table, action)
}
