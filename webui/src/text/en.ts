import type { Dictionary } from './zh'
import { zh } from './zh'
export const en: Dictionary = { ...zh }
