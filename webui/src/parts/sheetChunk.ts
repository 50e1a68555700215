// A sheet of the desk is a file of its own. When a cut link does not bring it, the sheet says so and the desk under it stays as it
// is: only a person decides to load anew, because there may be something open that would be lost.
import { defineAsyncComponent, type AsyncComponentLoader, type Component } from 'vue'
import SheetMissing from './SheetMissing.vue'

export function sheetChunk(loader: AsyncComponentLoader): Component {
  return defineAsyncComponent({ loader, errorComponent: SheetMissing, onError: (_, __, fail) => fail() })
}
