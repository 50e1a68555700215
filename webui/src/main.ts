// Mounts the page. Which page is shown is App's to say.
import { createApp } from 'vue'
import App from './App.vue'
import './styles/base.css'
import { language, switchLanguage } from './text'
import { applyTheme } from './state/theme'

applyTheme()
switchLanguage(language.value)
createApp(App).mount('#app')
