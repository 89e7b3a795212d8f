// The screens that gather from many notes: alerts, search, measures. Those of alerts have a circle of their own, so that nobody
// is asked on the screens of another test.

import { Client } from './people.mjs';

/** An urgent note for the paediatrician, and one that she took. */
export async function urgencies(url) {
  const [therapist, doctor] = await Promise.all([Client.signIn(url, 'orthophoniste'), Client.signIn(url, 'pediatre')]);
  const team = await therapist.team('LEMARQUAND');
  const post = (text) => therapist.message(team, text, { category: 'functional', urgent: true });
  const taken = await post('Fausse route au goûter, toux pendant dix minutes, puis bien. Je reste joignable jusqu’à 18 h.');
  await doctor.post(`/alerts/${(await doctor.get(`/messages/${taken.id}/alert`)).id}/acknowledge`, { outcome: 'taken' });
  await post('Nouvelle fausse route ce matin, cette fois avec de l’eau. Avis avant le repas de midi ?');
  return team;
}

async function searched(page, words) {
  await page.getByLabel('Un mot d’une note, un nom, un document').fill(words);
}

export function overviews(place) {
  const notebook = () => `/patients/${place.urgent.id}/cahier`;
  const measures = () => `/patients/${place.odette.id}/constantes`;
  const urgent = (page) => page.locator('article').filter({ hasText: 'Nouvelle fausse route' });
  const search = (words, shown) => ({
    as: 'medecin',
    path: '/recherche',
    async shown(page) {
      await searched(page, words);
      await shown(page);
    },
  });
  return {
    alerts: { as: 'pediatre', path: '/alertes', shown: (page) => page.getByRole('main').getByRole('button', { name: 'Je m’en occupe' }).first().waitFor() },
    'alerts-ended': {
      as: 'orthophoniste',
      path: '/alertes',
      async shown(page) {
        await page.getByRole('button', { name: 'Closes' }).click();
        await page.getByText('Détail de l’alerte').last().click();
        await page.getByText(/^Prise par/).last().waitFor();
      },
    },
    'alerts-none': { as: 'psychomotricien', path: '/alertes', shown: (page) => page.getByText('Aucune alerte en cours.').waitFor() },
    'hand-over': {
      as: 'pediatre',
      path: '/alertes',
      async shown(page) {
        await page.getByRole('main').getByRole('button', { name: 'Passer le relais à…' }).first().click();
        await page.getByRole('dialog', { name: 'Passer le relais' }).waitFor();
      },
    },
    'urgent-note': {
      as: 'pediatre',
      path: notebook,
      async shown(page) {
        await urgent(page).getByRole('button', { name: 'Je m’en occupe' }).waitFor();
        await urgent(page).scrollIntoViewIfNeeded();
      },
    },
    'alert-detail': {
      as: 'orthophoniste',
      path: notebook,
      async shown(page) {
        await urgent(page).getByRole('button', { name: 'Détail de l’alerte' }).click();
        await page.getByRole('dialog').getByText(/^Demandée à/).waitFor();
      },
    },
    search: search('oubli soir', (page) => page.locator('mark').first().waitFor()),
    'search-none': search('girafe', (page) => page.getByText('Rien de ce que vous pouvez lire').waitFor()),
    'search-refused': search('« » !', (page) => page.locator('.list-page__rows [role=alert]').waitFor()),
    measures: { as: 'infirmiere', path: measures, shown: (page) => page.getByRole('slider', { name: /^Tension/ }).waitFor() },
    'measures-table': {
      as: 'infirmiere',
      path: measures,
      async shown(page) {
        await page.getByText('Voir en tableau').first().click();
        await page.getByRole('columnheader', { name: 'Relevé par' }).first().waitFor();
      },
    },
    limits: {
      as: 'medecin',
      path: measures,
      async shown(page) {
        await page.getByRole('button', { name: /Régler les seuils/ }).first().click();
        await page.getByRole('dialog', { name: /^Seuils de/ }).waitFor();
      },
    },
  };
}
