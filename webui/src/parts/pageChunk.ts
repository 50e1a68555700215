// A page is a file of its own, which a poor link may not bring. Until it is here that is said instead of nothing; it is asked for again
// once the server answers: by loading anew, because a browser may remember that a file failed, and nothing is open yet that could be lost.
import { defineAsyncComponent, type AsyncComponentLoader, type Component } from 'vue'
import PageWaiting from './PageWaiting.vue'

const AGAIN_MS = 1_500

async function answers(): Promise<boolean> {
  try {
    return (await fetch(location.pathname, { cache: 'no-store' })).ok
  } catch {
    return false
  }
}

export function pageChunk(loader: AsyncComponentLoader): Component {
  return defineAsyncComponent({
    loader,
    loadingComponent: PageWaiting,
    delay: 300,
    onError() {
      const again = setInterval(() => {
        void answers().then((up) => {
          if (!up) return
          clearInterval(again)
          location.reload()
        })
      }, AGAIN_MS)
    },
  })
}
