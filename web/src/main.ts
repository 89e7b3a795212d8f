import { mount } from 'svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/layout.css';
import './styles/controls.css';
import './styles/sheet.css';
import App from './App.svelte';
import { app } from './app/app';
import { followTheme } from './parts/frame/theme';

followTheme();
mount(App, { target: document.getElementById('app')! });
void app.start();
