// How a site is called in short: its province, and what makes it one of several there.
import { t, word } from '../text'

export const provinceOf = (siteId: string): string => word(t.province, siteId.slice(0, 2)) + siteId.slice(2)
